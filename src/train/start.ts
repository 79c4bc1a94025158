import { resolve } from 'node:path';
import {
  type Config,
  checkDevice,
  inForce,
  type LoadedConfig,
  originTexts,
  type ProcessPlace,
  resolvedDevice,
  threadsOf,
} from '../config/index.ts';
import type { WindowSet } from '../data/index.ts';
import { InputError } from '../errors.ts';
import { createModel } from '../model/index.ts';
import { describeEnvironment, loadCheckpoint, readRun, runStage } from '../runs/index.ts';
import { montageChannels } from '../signal/index.ts';
import {
  type Device,
  freeMemory,
  hostTensorMemory,
  isCudaAvailable,
  openProcessGroup,
  type ProcessGroup,
  useOwnStream,
} from '../torch/index.ts';
import { counted } from '../words.ts';
import { mirrorFrom } from './augmentation.ts';
import { environmentFingerprint } from './environment-fingerprint.ts';
import { falseAlarmRateOf } from './evaluate.ts';
import { evaluateDev } from './evaluate-dev.ts';
import { loadInitialWeights } from './initial-weights.ts';
import { keepNothing, keepRun } from './keeping.ts';
import { type Outcome, type TrainingProgress, train } from './loop.ts';
import { describeLoss, lossFrom, prevalenceOf } from './loss-settings.ts';
import { planMemory } from './memory-plan.ts';
import { describeComputing, precisionOf, setNumerics } from './numerics.ts';
import { TrainingPeers } from './peers.ts';
import { FILLED_TO } from './predict.ts';
import { corpusBytes, hostMemory, type PlacedWindows, placeWindows } from './residency.ts';
import { trainable } from './trainable.ts';
import { openTrainingData, type TrainingData } from './training-data.ts';

export interface TrainingRequest {
  readonly loaded: LoadedConfig;
  readonly isResuming: boolean;
  /** Build manifests anew from the cache's entries first. */
  readonly isManifestRebuildForced: boolean;
  /** bgb's package folder and version, for the run's fingerprint. */
  readonly root: string;
  readonly version: string;
  readonly writeLog: (text: string) => unknown;
  readonly now: () => Date;
  readonly interruption: () => NodeJS.Signals | null;
  /** This process's place among those that train together; null for one alone. */
  readonly place: ProcessPlace | null;
  /** Told the port at which the first of several processes listens. */
  readonly onPort: (port: number) => void;
  readonly onStart: (steps: { done: number }) => void;
  readonly onProgress: (progress: TrainingProgress) => void;
}

/**
 * Starts or resumes the training that a configuration describes, in its `experiment.output_dir`. Everything is
 * checked before the run folder is made.
 *
 * @throws InputError for anything in configuration, cache or run folder that does not fit
 */
export async function startTraining(request: TrainingRequest): Promise<Outcome & { folder: string }> {
  const { loaded, isResuming, now } = request;
  const { config } = loaded;
  const cudaAvailable = isCudaAvailable();
  const notices = checkDevice(config, { cudaAvailable });
  const device = resolvedDevice(config, { cudaAvailable });
  const folder = config.experiment.output_dir;
  // Both refuse a configuration that they cannot serve, here before anything is made.
  falseAlarmRateOf(config);
  mirrorFrom(config);
  using group = joinGroup(request, device);
  const peers = group && new TrainingPeers(group);
  const mended: string[] = [];
  const openData = (isFirst: boolean) =>
    openTrainingData(config, {
      isRebuildForced: request.isManifestRebuildForced && isFirst,
      say: (sentence) => mended.push(sentence),
    });
  // The first may have to build manifests again, which the others then find.
  const opened = peers?.isFirst === false ? null : await openData(true);
  peers?.agree(() => 'data');
  const data = opened ?? (await openData(false));

  // The thread count decides the last bits of sums: a resumed run keeps the one it was started with.
  const threads =
    (isResuming ? await storedThreads(folder) : null) ?? threadsOf(config.resources, group?.size);
  const { training } = config;
  setNumerics({ threads, isDeterministic: training.deterministic, hasTf32: training.tf32 });
  if (device === 'cuda' && !group) useOwnStream(); // which a step can be recorded on as a graph
  const precision = precisionOf(device, training);
  const channels = montageChannels(config.preprocessing).length;
  const model = createModel(config.model, { channels, seed: config.experiment.seed });
  const fillInitially = async () =>
    training.init_from === null ? null : await loadInitialWeights(training.init_from, model.store);
  let initial = isResuming ? null : await fillInitially();
  const freeBytes = freeMemory(device) ?? process.availableMemory();
  model.to({ device });
  const memory = { host: hostMemory() / (group?.size ?? 1), device: freeMemory(device) };
  // Until there is a log, what is said goes with the rest that is said at the start.
  let warn = (sentence: string): void => void mended.push(sentence);
  const placed = placeWindows(config, data.train.set, device, memory, (sentence) => warn(sentence));
  using windows = placed.windows;
  const taken = placed.residency === 'device' ? corpusBytes(data.train.set) : 0;
  const fittingIn = (bytes: number) => planMemory(config, device, bytes - taken).fitting;

  const environment = await environmentFingerprint({
    root: request.root,
    version: request.version,
    device,
    threads,
    processes: group?.size ?? 1,
    folders: { cache: config.data.cache_dir, output: folder },
  });
  const start = {
    config: { values: config, origins: originTexts(loaded.origins) },
    data: data.hashes,
    record: { ...data.record, initialWeights: initial?.sha256 ?? null },
    references: data.train.set.references,
    environment,
    now,
  };
  const keepFirst = () =>
    keepRun(folder, start, {
      ...{ isResuming, device },
      level: config.experiment.log_level,
      writeLog: request.writeLog,
    });
  const kept = peers?.isFirst === false ? null : await keepFirst();
  const resumedPath = peers?.agree(() => kept!.run.resumedFrom?.path ?? null) ?? null;
  await using keeping = kept ?? keepNothing(resumedPath === null ? null : await loadCheckpoint(resumedPath));
  const { run, log, heartbeat } = keeping;
  if (config.experiment.description !== '') log.info(config.experiment.description);
  for (const notice of [...notices.map(({ message }) => message), ...keeping.notices]) log.info(notice);
  for (const sentence of mended) log.warning(sentence);
  warn = (sentence) => log.warning(sentence);
  const loss = lossFrom(training, data.manifest);
  for (const line of describeComputing(device, precision, training)) log.info(line);
  for (const line of describeStart(config, data, device, placed, describeEnvironment(environment)))
    log.info(line);
  if (run.resumedFrom === null)
    run.events.append('data_set', 0, {
      is_unbalanced_fallback: data.isFallback,
      ...data.train.composition,
      residency: placed.residency,
    });
  log.info(describeLoss(loss, training));
  const fitting = fittingIn(freeBytes);
  if (training.batch_size > fitting)
    log.warning(
      `training.batch_size ${training.batch_size} may not fit: by bgb model, the free memory holds a batch of ${fitting}`,
    );

  const { resumedFrom } = run;
  const step = resumedFrom?.state.step;
  if (isResuming && step === undefined) initial = await fillInitially();
  if (initial !== null) log.info(`weights${initial.isAverage ? ', averaged,' : ''} from ${initial.path}`);
  request.onStart({ done: step ?? 0 });
  const { dev } = data;
  const predictor = {
    forward: model.forward.bind(model),
    device,
    precision,
    batchSize: training.batch_size,
    ...(device !== 'cpu' && { filledTo: FILLED_TO }),
  } as const;
  const evaluateHere = () =>
    evaluateDev(dev!, predictor, config, {
      isInterrupted: () => request.interruption() !== null,
      onRecording: () => heartbeat.enter('evaluating'),
    });
  const evaluate = () => (peers === null ? evaluateHere() : peers.agreeLater(evaluateHere));
  const outcome = await train({
    ...keeping,
    config,
    model: trainable(model, config.experiment.seed),
    device,
    precision,
    loss,
    prevalence: prevalenceOf(data.manifest),
    windows,
    order: (epoch) => data.train.order(epoch),
    evaluate: dev === null ? null : evaluate,
    now,
    interruption: () => (peers === null ? request.interruption() : peers.agree(request.interruption)),
    onProgress: request.onProgress,
    windowNames: (indices) => windowNames(data.train.set, indices),
    // On the CPU a limit that nobody tells of, such as ulimit's, is known by what was in use when it was met.
    fittingBatch: () =>
      fittingIn(device === 'cpu' ? Math.min(freeBytes, hostTensorMemory().peak) : freeBytes),
    peers,
  });
  const { reason, step: lastStep, metrics } = outcome;
  if (reason === 'finished' || reason === 'stopped early') {
    await keeping.finish(lastStep, { reason, ...metrics });
    log.info(`done: ${reason} at step ${lastStep}`);
  }
  return { ...outcome, folder };
}

/** @throws InputError `TRAIN_PROCESSES` for batches that cannot be shared */
function joinGroup({ place, loaded, onPort }: TrainingRequest, device: Device): ProcessGroup | null {
  if (place === null) return null;
  const { batch_size } = loaded.config.training;
  if (batch_size < place.size)
    throw new InputError(
      'TRAIN_PROCESSES',
      `${place.size} processes cannot share a batch of ${batch_size} windows. Raise training.batch_size, or lower resources.processes.`,
    );
  return openProcessGroup({ ...place, device, timeoutS: PATIENCE_S, onPort });
}

/** One process may build manifests, evaluate or save while the others wait; one that has died is noticed otherwise. */
const PATIENCE_S = 6 * 3600;

/** As in `chb01/chb01_03.npz row 3072`. */
function windowNames(set: WindowSet, indices: readonly number[]): string[] {
  return indices.map((index) => {
    const { recording, start } = set.windows[index]!;
    return `${set.recordings[recording]} row ${start}`;
  });
}

async function storedThreads(folder: string): Promise<number | null> {
  if ((await runStage(folder)) !== 'unfinished') return null;
  return (await readRun(folder)).sessions[0]?.environment.threads ?? null;
}

function describeStart(
  config: Config,
  { train, isFallback, dev, manifest, hits }: TrainingData,
  device: string,
  { residency, reason }: PlacedWindows,
  environment: readonly string[],
): string[] {
  const { partial_seizure, full_seizure, no_seizure } = train.composition;
  return [
    ...Object.entries(inForce()).map(([name, value]) => `in force: ${name}=${value}`),
    ...environment,
    `device ${device} (experiment.device: ${config.experiment.device}), samples on ${residency === 'device' ? device : residency}: ${reason}`,
    `cache ${resolve(config.data.cache_dir)}: ${hits.found} of ${hits.listed} windows found (${((100 * hits.found) / hits.listed).toFixed(1)} %), ${counted(manifest.recordings, 'recording')} of ${counted(manifest.patients.length, 'patient')}, ${(manifest.recorded_s / 3600).toFixed(2)} h, ${counted(manifest.seizures, 'seizure')}`,
    `an epoch: ${partial_seizure} windows partly seizure, ${full_seizure} fully, ${no_seizure} without${config.data.use_balanced_sampling && !isFallback ? ' (balanced)' : ''}`,
    dev === null
      ? 'no dev split: nothing is tuned, the last epoch counts'
      : `dev: ${counted(dev.recordings.length, 'recording')} of ${counted(dev.patients.length, 'patient')}`,
  ];
}
