import {
  type ConfigurationComparison,
  type Finding,
  LOSS_TOLERANCE,
  type Probe,
  type ProbeComparison,
  type RunComparison,
  type RunSide,
  type Side,
} from '../parity/index.ts';
import { configurationsSentence } from './parity-text.ts';

/** The document of `bgb parity A B --json` for configurations; its keys are described in docs/parity.md. */
export function configurationsDocument(a: Side, b: Side, comparison: ConfigurationComparison) {
  const { verdict, differences, suspicions } = comparison;
  return {
    format: 'bgb-parity',
    version: 1,
    kind: 'configurations',
    a: { path: a.path, kind: a.kind },
    b: { path: b.path, kind: b.kind },
    verdict,
    sentence: configurationsSentence(a, b, comparison),
    differences: differences.map(differenceDocument),
    suspicious: suspicions,
  };
}

function differenceDocument({ field, judgement, a, b }: ConfigurationComparison['differences'][number]) {
  return {
    ...{ field, class: judgement.kind, a, b },
    consequence: judgement.kind === 'may_differ' ? judgement.consequence : null,
    because: judgement.kind === 'free' ? judgement.because : null,
  };
}

/** The document of `bgb parity A B --json` for runs. */
export function runsDocument(a: RunSide, b: RunSide, comparison: RunComparison) {
  const { verdict, sentence, cause, configuration, environment, data, steps } = comparison;
  const { compared, comparedWindows, lastOfA, lastOfB, precision, windows, anyLoss, loss, largest } = steps;
  const described = ({ path, run }: RunSide) => ({ path, kind: 'run', id: run.id, stage: run.stage });
  return {
    format: 'bgb-parity',
    version: 1,
    kind: 'runs',
    a: described(a),
    b: described(b),
    ...{ verdict, sentence },
    cause: cause && findingDocument(cause),
    differences: configuration.differences.map(differenceDocument),
    suspicious: configuration.suspicions,
    environment: environment.map(findingDocument),
    data: data.map(findingDocument),
    steps: {
      ...{ compared, compared_windows: comparedWindows, last_of_a: lastOfA, last_of_b: lastOfB, precision },
      first_window_difference: windows,
      first_loss_difference: anyLoss && lossesDocument(anyLoss),
      first_loss_beyond_tolerance: loss && { ...lossesDocument(loss), tolerance: loss.tolerance },
      largest_loss_difference: finite(largest),
    },
  };
}

function lossesDocument({ step, a, b, difference }: NonNullable<RunComparison['steps']['anyLoss']>) {
  return { step, a: finite(a), b: finite(b), difference: finite(difference) };
}

function findingDocument({ kind, what, isAllowed, effect, a, b, text }: Finding) {
  return { kind, what, is_allowed: isAllowed, effect, a, b, text };
}

/** The document of `bgb parity --probe CONFIG --json`. */
export function probeDocument(path: string, { made_on, config, data, float64 }: Probe) {
  return {
    format: 'bgb-parity',
    version: 1,
    kind: 'probe',
    path,
    made_on,
    config_hash: config.hash,
    data_hash: data.hash,
    steps: float64.losses.length,
    last_loss: float64.losses.at(-1) ?? null,
  };
}

/** The document of `bgb parity --probe CONFIG --against FILE --json`. */
export function probeComparisonDocument(path: string, comparison: ProbeComparison) {
  const { verdict, sentence, fields, windows, float64, float32 } = comparison;
  return {
    format: 'bgb-parity',
    version: 1,
    kind: 'probes',
    against: path,
    ...{ verdict, sentence, fields, windows },
    float64: float64 && {
      tolerance: LOSS_TOLERANCE,
      loss_difference: finite(float64.loss),
      gradient_norm_difference: finite(float64.gradientNorm),
      first_step: float64.step,
      layer: float64.layer && layerDocument(float64.layer),
    },
    float32: float32 && {
      loss_difference: finite(float32.loss),
      band_there: finite(float32.bandThere),
      band_here: finite(float32.bandHere),
      bands: finite(float32.bands),
      is_within: float32.isWithin,
      is_first_off: float32.isFirst,
      layer: float32.layer && layerDocument(float32.layer),
    },
  };
}

/** Steps are counted from 1 in documents. */
function layerDocument({
  step,
  pass,
  layer,
  difference,
}: NonNullable<NonNullable<ProbeComparison['float64']>['layer']>) {
  return { step: step + 1, pass, layer, difference: finite(difference) };
}

/** JSON has no Infinity: null is a difference that is no number. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
