import { type Config, leavesOf, resolvedDevice, threadsOf } from '../config/index.ts';
import { type Dataset, datasetOf } from '../data/index.ts';
import { canonicalJson, sha256 } from '../files/index.ts';
import type { Environment } from '../runs/index.ts';
import { isCudaAvailable } from '../torch/index.ts';
import { lossFrom, openSplit } from '../train/index.ts';
import { FIELD_CLASSES } from './field-classes.ts';
import type { Probe } from './probe-file.ts';
import {
  type Fault,
  type PlannedStep,
  type ProbeRun,
  planSteps,
  type RunSettings,
  runProbe,
} from './probe-run.ts';
import { unusedBecause } from './unused-fields.ts';

export interface ProbeRequest {
  readonly config: Config;
  readonly steps: number;
  readonly say: (sentence: string) => void;
  /** Called after each step of each run; may throw to stop. */
  readonly onStep: (done: number, total: number, what: string) => void;
  readonly environment: (device: string, threads: number) => Promise<Environment>;
  readonly fault?: Fault;
}

/** Layers are measured in the first three steps and, further apart, in later ones. */
const WATCHED = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987];
/** Of the float32 run, where rounding is soon all there is to see. */
const WATCHED_FLOAT32 = 2;

/**
 * Trains the first steps of a configuration on this machine in float64, and in float32 beside runs that differ from that in
 * the order of sums and the last bits of weights alone.
 *
 * @throws InputError for anything in configuration or cache that does not fit
 */
export async function makeProbe(request: ProbeRequest): Promise<Probe> {
  const { config, steps: count, say, fault = {} } = request;
  const device = resolvedDevice(config, { cudaAvailable: isCudaAvailable() });
  const { manifest, set } = await openSplit(config, 'train', { say });
  const { dataset } = datasetOf(set, config.experiment.seed, config.data);
  const steps = planSteps(dataset, config, count);
  const loss = lossFrom(config.training, manifest);
  const threads = threadsOf(config.resources);
  const first = new Set(steps.slice(0, WATCHED_FLOAT32).keys());
  const base: RunSettings = { dtype: 'float32', device, threads, isReordered: false, watchedSteps: first };
  const last = steps.length - 1;
  const settings: readonly [name: string, RunSettings][] = [
    [
      'float64',
      { ...base, dtype: 'float64', watchedSteps: new Set([...WATCHED.filter((step) => step < last), last]) },
    ],
    ['float32', base],
    ['reordered', { ...base, isReordered: true }],
  ];
  const runs = new Map<string, ProbeRun>();
  let done = 0;
  for (const [name, each] of settings) {
    const onStep = () => request.onStep(++done, settings.length * steps.length, name);
    runs.set(name, await runProbe(config, dataset, steps, loss, each, { onStep, fault }));
  }
  const [float64, float32] = [runs.get('float64')!, runs.get('float32')!];
  const fields = resultFields(config);
  const { bgb, code, libtorch, cuda, gpus, cpu } = await request.environment(device, threads);
  return {
    format: 'bgb-probe',
    version: 1,
    made_on: {
      ...{ bgb, libtorch: libtorch ?? 'unknown', cuda, device, gpus, cpu, threads },
      commit: code && `${code.commit}${code.is_dirty ? ' with local changes' : ''}`,
    },
    config: { hash: sha256(canonicalJson(fields)), fields },
    ...dataOf(dataset, steps, float64),
    float64: {
      losses: [...float64.losses],
      gradient_norms: [...float64.gradientNorms],
      traces: mutable(float64.traces),
    },
    float32: {
      losses: [...float32.losses],
      traces: mutable(float32.traces),
      band: Object.fromEntries(
        [...runs]
          .filter(([name]) => !name.startsWith('float'))
          .map(([name, run]) => [name, { losses: [...run.losses], traces: mutable(run.traces) }]),
      ),
    },
  };
}

/** What a probe sets itself: precision, and the device is what is compared. */
const SET: readonly string[] = [
  'training.mixed_precision',
  'training.tf32',
  'training.deterministic',
  'experiment.device',
];

/**
 * What a probe does without: it starts from the seed, goes through the whole schedule in its own steps, takes the train split as
 * the cache has it, whose windows are compared, and evaluates nothing.
 */
const NOT_TAKEN =
  /^(postprocessing\.|training\.(early_stopping|init_from|ema_decay|epochs)\b|data\.(validation_split|split_file)$)/;

/** What decides the result of a probe: not where things lie, nor what it sets itself or does without. */
export function resultFields(config: Config): Probe['config']['fields'] {
  return Object.fromEntries(
    leavesOf(config).filter(([field]) => {
      const entry = Object.hasOwn(FIELD_CLASSES, field)
        ? FIELD_CLASSES[field as keyof typeof FIELD_CLASSES]
        : null;
      const decides = entry === null || typeof entry === 'function' || entry.kind === 'must_equal';
      return (
        decides &&
        !SET.includes(field) &&
        !NOT_TAKEN.test(field) &&
        unusedBecause(field, config, config) === null
      );
    }) as [string, Probe['config']['fields'][string]][],
  );
}

function dataOf(
  dataset: Dataset,
  steps: readonly PlannedStep[],
  run: ProbeRun,
): Pick<Probe, 'data' | 'windows'> {
  const { set } = dataset;
  const used = new Map<number, number>();
  const windows = steps.map(({ batches }, step) =>
    batches.flat().map((index, at): [number, number, string] => {
      const { recording, start } = set.windows[index]!;
      if (!used.has(recording)) used.set(recording, used.size);
      return [used.get(recording)!, start, run.contents[step]![at]!];
    }),
  );
  return {
    data: { hash: set.dataHash, recordings: [...used.keys()].map((recording) => set.recordings[recording]!) },
    windows,
  };
}

function mutable(traces: ProbeRun['traces']): Probe['float64']['traces'] {
  return traces.map(({ step, layers }) => ({ step, layers: [...layers] }));
}
