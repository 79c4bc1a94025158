import type { SplitLook } from '../cache/index.ts';
import {
  checkDevice,
  type LoadedConfig,
  originTexts,
  type ProcessPlace,
  resolvedDevice,
} from '../config/index.ts';
import type { WindowSet } from '../data/index.ts';
import { loadCheckpoint, type RunStart } from '../runs/index.ts';
import { type Device, freeMemory, hostTensorMemory, isCudaAvailable } from '../torch/index.ts';
import { mirrorFrom } from './augmentation.ts';
import { describeStart } from './describe-start.ts';
import { falseAlarmRateOf } from './dev-metrics.ts';
import { environmentFingerprint } from './environment-fingerprint.ts';
import { evaluateDev } from './evaluate-dev.ts';
import { joinProcesses } from './join-processes.ts';
import { keepNothing, keepRun, type OpenKeeping } from './keeping.ts';
import { type Outcome, type TrainingProgress, train } from './loop.ts';
import { describeLoss, lossFrom, prevalenceOf } from './loss-settings.ts';
import { planMemory } from './memory-plan.ts';
import { describeComputing } from './numerics.ts';
import { TrainingPeers } from './peers.ts';
import { predictorFor } from './predict.ts';
import { corpusBytes, hostMemory, placeWindows } from './residency.ts';
import { fillInitially, startModel } from './start-model.ts';
import { trainable } from './trainable.ts';
import { openTrainingData, type TrainingData } from './training-data.ts';

export interface TrainingRequest {
  readonly loaded: LoadedConfig;
  readonly isResuming: boolean;
  /** Build manifests anew from the cache's entries first. */
  readonly isManifestRebuildForced: boolean;
  /** At the splits of its cache, by the rules that are asked before. */
  readonly looks?: readonly SplitLook[] | undefined;
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
  const { training, experiment } = config;
  const cudaAvailable = isCudaAvailable();
  const notices = checkDevice(config, { cudaAvailable });
  const device = resolvedDevice(config, { cudaAvailable });
  // Both refuse a configuration that they cannot serve, here before anything is made.
  falseAlarmRateOf(config);
  mirrorFrom(config);
  using group = joinProcesses(request.place, config, device, request.onPort);
  const peers = group && new TrainingPeers(group);
  const processes = group?.size ?? 1;

  // Until there is a log, what is said waits for it.
  const early: string[] = [];
  let warn = (sentence: string): void => void early.push(sentence);
  const data = await openTogether(request, peers, (sentence) => warn(sentence));
  const { model, precision, threads, freeBytes, ...started } = await startModel(config, {
    ...{ device, isResuming, processes },
  });
  const memory = { host: hostMemory() / processes, device: freeMemory(device) };
  const placed = await placeWindows(config, data.train.set, device, memory, {
    say: (sentence) => warn(sentence),
    processes,
  });
  using windows = placed.windows;
  const taken = placed.residency === 'device' ? corpusBytes(data.train.set) : 0;
  const fittingIn = (bytes: number) => planMemory(config, device, bytes - taken).fitting;

  const environment = await environmentFingerprint({
    root: request.root,
    version: request.version,
    device,
    threads,
    processes,
    folders: { cache: config.data.cache_dir, output: experiment.output_dir },
  });
  const runStart: RunStart = {
    config: { values: config, origins: originTexts(loaded.origins) },
    data: data.hashes,
    record: { ...data.record, initialWeights: started.weights?.sha256 ?? null },
    references: data.train.set.references,
    environment,
    now,
  };
  await using keeping = await keepTogether(request, peers, runStart, device);
  const { run, log, heartbeat } = keeping;
  const { resumedFrom } = run;
  const weights = isResuming && resumedFrom === null ? await fillInitially(config, model) : started.weights;

  if (experiment.description !== '') log.info(experiment.description);
  for (const notice of [...notices.map(({ message }) => message), ...keeping.notices]) log.info(notice);
  for (const sentence of early) log.warning(sentence);
  warn = (sentence) => log.warning(sentence);
  for (const line of describeComputing(device, precision, training)) log.info(line);
  for (const line of describeStart(config, data, placed, environment)) log.info(line);
  if (resumedFrom === null)
    run.events.append('data_set', 0, {
      is_unbalanced_fallback: data.isFallback,
      ...data.train.composition,
      residency: placed.residency,
    });
  const loss = lossFrom(training, data.manifest);
  log.info(describeLoss(loss, training));
  const fitting = fittingIn(freeBytes);
  if (training.batch_size > fitting)
    log.warning(
      `training.batch_size ${training.batch_size} may not fit: by bgb model, the free memory holds a batch of ${fitting}`,
    );
  if (weights !== null) log.info(`weights${weights.isAverage ? ', averaged,' : ''} from ${weights.path}`);
  request.onStart({ done: resumedFrom?.state.step ?? 0 });

  const { dev } = data;
  const evaluateHere = async () => {
    using predictor = predictorFor(model, { device, precision, batchSize: training.batch_size });
    return await evaluateDev(dev!, predictor, config, {
      isInterrupted: () => request.interruption() !== null,
      onRecording: () => heartbeat.enter('evaluating'),
    });
  };
  const evaluate = () => (peers === null ? evaluateHere() : peers.agreeLater(evaluateHere));
  const outcome = await train({
    ...keeping,
    config,
    model: trainable(model, experiment.seed),
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
  const { reason, step, metrics } = outcome;
  if (reason === 'finished' || reason === 'stopped early') {
    await keeping.finish(step, { reason, ...metrics });
    log.info(`done: ${reason} at step ${step}`);
  }
  return { ...outcome, folder: experiment.output_dir };
}

/** Opens the data: the first process may have to build manifests again, which the others then find. */
async function openTogether(
  { loaded, isManifestRebuildForced, looks = [] }: TrainingRequest,
  peers: TrainingPeers | null,
  say: (sentence: string) => void,
): Promise<TrainingData> {
  const open = (isFirst: boolean) =>
    openTrainingData(loaded.config, { isRebuildForced: isManifestRebuildForced && isFirst, looks, say });
  const opened = peers?.isFirst === false ? null : await open(true);
  peers?.agree(() => 'data');
  return opened ?? (await open(false));
}

/** Opens the run folder: the first process keeps it, and the others go on from the checkpoint that it goes on from. */
async function keepTogether(
  { loaded, isResuming, writeLog }: TrainingRequest,
  peers: TrainingPeers | null,
  start: RunStart,
  device: Device,
): Promise<OpenKeeping> {
  const { output_dir, log_level } = loaded.config.experiment;
  const options = { isResuming, level: log_level, writeLog, device };
  const kept = peers?.isFirst === false ? null : await keepRun(output_dir, start, options);
  const resumedPath = peers?.agree(() => kept!.run.resumedFrom?.path ?? null) ?? null;
  return kept ?? keepNothing(resumedPath === null ? null : await loadCheckpoint(resumedPath));
}

/** As in `chb01/chb01_03.npz row 3072`. */
function windowNames(set: WindowSet, indices: readonly number[]): string[] {
  return indices.map((index) => {
    const { recording, start } = set.windows[index]!;
    return `${set.recordings[recording]} row ${start}`;
  });
}
