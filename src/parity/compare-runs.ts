import {
  type ConfigurationComparison,
  type ConfigurationDifference,
  compareConfigurations,
} from './compare-configurations.ts';
import { dataDifferences } from './data-differences.ts';
import { environmentDifferences } from './environment-differences.ts';
import { clause, type Effect, type Finding } from './finding.ts';
import type { RunSide } from './run-side.ts';
import { type StepDifferences, stepDifferences } from './step-differences.ts';

export interface RunComparison {
  readonly verdict: 'same' | 'allowed' | 'different';
  readonly sentence: string;
  /** What most likely made the runs differ; null where nothing does, or nothing recorded explains it. */
  readonly cause: Finding | null;
  readonly configuration: ConfigurationComparison;
  readonly environment: readonly Finding[];
  readonly data: readonly Finding[];
  readonly steps: StepDifferences;
}

/** In what two runs differ, from where on, and most likely why. @throws InputError `RUN_*` */
export async function compareRuns(a: RunSide, b: RunSide): Promise<RunComparison> {
  const configuration = compareConfigurations(a, b);
  const environment = environmentDifferences(a.run.environment, b.run.environment);
  const data = dataDifferences(a, b);
  const steps = await stepDifferences(a, b);
  // In this order, where several could have done it: what a user set, what was there, what it ran on.
  const findings = [...configuration.differences.map(ofConfiguration), ...data, ...environment];
  const symptom = symptomOf(steps);
  const cause = likelyCause(byOrigin(findings), symptom);
  const isDifferent =
    configuration.verdict === 'different' ||
    findings.some(({ isAllowed }) => !isAllowed) ||
    (symptom !== null && symptom !== 'rounding' && !isExpected(cause));
  const verdict = isDifferent ? 'different' : findings.length > 0 || symptom !== null ? 'allowed' : 'same';
  const comparison = { verdict, cause, configuration, environment, data, steps } as const;
  return { ...comparison, sentence: sentenceOf(comparison, [a, b], symptom) };
}

/** Fields that may differ though other windows or losses follow from it. */
const EXPECTED: readonly string[] = [
  'training.batch_size',
  'training.gradient_accumulation_steps',
  'training.learning_rate',
  'training.mixed_precision',
  'training.tf32',
  'experiment.device',
];

/** A batch of another size, or another precision, makes other steps: allowed, and said. */
function isExpected(cause: Finding | null): boolean {
  return cause?.isAllowed === true && EXPECTED.includes(cause.what);
}

/** The earliest and strongest sign that the runs differ. */
function symptomOf({ windows, loss, anyLoss }: StepDifferences): Effect | null {
  if (windows !== null && windows <= (loss?.step ?? Infinity)) return 'windows';
  if (loss !== null) return 'loss';
  return anyLoss === null ? null : 'rounding';
}

const REACH: Readonly<Record<Effect, number>> = { none: 0, rounding: 1, loss: 2, windows: 3 };

/**
 * Of what differs, what can have done what is seen: what may not differ in configuration and data, then what may in the
 * configuration, then code, then the machine; among them what does just that before what can do more. Rounding is the
 * machine's, if it can be. Where nothing is seen (yet): what may not differ and can do most.
 */
function likelyCause(findings: readonly Finding[], symptom: Effect | null): Finding | null {
  const first = (list: readonly Finding[], by: (finding: Finding) => number) =>
    list.toSorted((one, other) => by(one) - by(other))[0] ?? null;
  if (symptom === null)
    return first(
      findings.filter(({ isAllowed }) => !isAllowed),
      ({ effect }) => -REACH[effect],
    );
  const able = findings.filter(({ effect }) => REACH[effect] >= REACH[symptom]);
  const isInexact = ({ effect }: Finding) => Number(effect !== symptom);
  return first(able, (finding) =>
    symptom === 'rounding'
      ? 10 * isInexact(finding) + rankOf(finding)
      : 10 * rankOf(finding) + isInexact(finding),
  );
}

function rankOf({ kind, what, isAllowed }: Finding): number {
  if (kind === 'environment' && what !== 'BGB_LIMIT_FILES') return isAllowed ? 3 : 2;
  return isAllowed ? 1 : 0;
}

/** A limit on recordings explains that the data differ. */
function byOrigin(findings: readonly Finding[]): Finding[] {
  const limit = findings.find(({ what }) => what === 'BGB_LIMIT_FILES');
  const hasOtherData = findings.some(({ kind, isAllowed }) => kind === 'data' && !isAllowed);
  return limit && hasOtherData ? [limit, ...findings.filter((finding) => finding !== limit)] : [...findings];
}

/** Fields that decide which windows a step takes. */
const OF_WINDOWS =
  /^(data\.(?!n_channels)|preprocessing\.|experiment\.seed$|training\.(batch_size|gradient_accumulation_steps)$)/;
const OF_ROUNDING = /^(resources\.(threads|processes)|training\.deterministic|experiment\.device)$/;
/** What a training is judged by, not what it learns. */
const OF_JUDGEMENT = /^(postprocessing|evaluation)\.|^training\.(early_stopping|guards)/;

function ofConfiguration({ field, judgement, a, b }: ConfigurationDifference): Finding {
  const isFree = judgement.kind === 'free' || OF_JUDGEMENT.test(field);
  const effect: Effect = isFree
    ? 'none'
    : OF_WINDOWS.test(field)
      ? 'windows'
      : OF_ROUNDING.test(field) && judgement.kind === 'may_differ'
        ? 'rounding'
        : 'loss';
  return {
    ...{ kind: 'configuration', what: field, isAllowed: judgement.kind !== 'must_equal', effect },
    ...{ a: a?.value ?? null, b: b?.value ?? null },
    text: clause(field, a?.value, b?.value),
  };
}

function sentenceOf(
  { verdict, cause, configuration, data, steps }: Omit<RunComparison, 'sentence'>,
  [a, b]: readonly [RunSide, RunSide],
  symptom: Effect | null,
): string {
  const names = `A ${a.path} and B ${b.path}`;
  const seen = seenIn(steps, symptom);
  if (verdict === 'different') {
    const why =
      cause !== null
        ? `, most likely since ${cause.text}${others(cause, data)}`
        : configuration.suspicions.length > 0 && symptom === null
          ? `: ${configuration.suspicions[0]!.field} looks wrong`
          : ': nothing that they recorded explains it';
    return `Not the same training, ${names}${why}; ${seen}.`;
  }
  if (verdict === 'same') return `No differences between ${names}: ${seen}.`;
  const note = cause === null ? '' : `, which follows from ${cause.text}`;
  return `Only allowed differences between ${names}: ${seen}${note}.`;
}

/** How many recordings differ besides the one that is named. */
function others(cause: Finding, data: readonly Finding[]): string {
  const more = data.filter((finding) => finding.kind === 'data' && finding !== cause).length;
  if (cause.kind !== 'data' || more === 0) return '';
  return ` (and ${more} more ${more === 1 ? 'recording differs' : 'recordings differ'})`;
}

function seenIn(
  { compared, windows, loss, anyLoss, largest, precision }: StepDifferences,
  symptom: Effect | null,
): string {
  if (compared === 0) return 'they have no step in common yet';
  const steps = `${compared} ${compared === 1 ? 'step' : 'steps'}`;
  if (symptom === 'windows') return `the window lists differ from step ${windows} on`;
  if (symptom === 'loss')
    return `losses leave the tolerance of ${precision} at step ${loss!.step}, ${loss!.a.toPrecision(6)} and ${loss!.b.toPrecision(6)}`;
  if (symptom === 'rounding')
    return `the same windows in all ${steps} that both have, losses within ${largest.toExponential(1)} (${precision}; the first to differ is that of step ${anyLoss!.step})`;
  return `the same windows and the same losses to the bit in all ${steps} that both have`;
}
