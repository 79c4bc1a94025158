import { fileURLToPath } from 'node:url';
import {
  type Config,
  inForce,
  loadConfig,
  placeOfProcess,
  processesOf,
  readEnvironment,
  resolvedDevice,
  surroundings,
} from '../config/index.ts';
import { findBeforeTraining, findingLines, findWhileTraining, TrainingWatch } from '../doctor/index.ts';
import { isWsl } from '../runs/index.ts';
import { isCudaAvailable, libraryInfo } from '../torch/index.ts';
import { startTraining } from '../train/index.ts';
import { detachedText } from './detached-texts.ts';
import { reportStart, trainDetached } from './detached-training.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { announce, writeJson } from './output.ts';
import { endProcess, listenForSignals } from './signals.ts';
import { textTable } from './table.ts';
import type { TrainOptions } from './train.ts';
import { parametersOf, resumeCommand } from './train-command-line.ts';
import { trainWithProcesses } from './train-processes.ts';
import { TrainProgress } from './train-progress.ts';
import { version } from './version.ts';

/** Trains as the configuration says. @throws Interruption after a signal, with the run saved */
export async function train(path: string, options: TrainOptions): Promise<void> {
  const environment = readEnvironment();
  const set = [
    ...options.set,
    ...(options.device === undefined ? [] : [`experiment.device=${options.device}`]),
    ...(options.initFrom === undefined ? [] : [`training.init_from=${JSON.stringify(options.initFrom)}`]),
  ];
  const loaded = await loadConfig(path, { set, environment });
  if (options.detach === true) {
    const { output_dir: folder } = loaded.config.experiment;
    const training = await trainDetached(folder, parametersOf(path, { ...options, json: false }), new Date());
    announce(inForce(), environment, loaded);
    if (options.json) writeJson(training);
    else process.stdout.write(detachedText(training, isWsl()));
    return;
  }
  const place = placeOfProcess();
  const processes = processesOf(loaded.config.resources, gpusFor(loaded.config));
  if (place === null && processes > 1) {
    const code = await trainWithProcesses(processes, parametersOf(path, options));
    if (code !== 0) throw new SaidAlready(code);
    return;
  }
  const isFirst = place === null || place.rank === 0;
  if (isFirst) announce(inForce(), environment, loaded);
  const asked = {
    set,
    environment,
    surroundings: surroundings(),
    hasTerminal: process.stderr.isTTY === true,
  };
  if (place !== null) endWithStarter();
  using signals = listenForSignals({
    hasHangUp: true,
    // A second SIGTERM does not end it at once: who types bgb stop twice is impatient, not ready to lose the run.
    onLater: (signal) => signal === 'SIGINT' && endProcess(signal),
  });
  using progress = new TrainProgress(process.stderr, { isPlain: environment.isProgressPlain });
  const { experiment, training } = loaded.config;
  const windowsPerStep = training.batch_size * training.gradient_accumulation_steps;
  const watch = new TrainingWatch({
    look: () => findWhileTraining({ ...asked, set: [], path: experiment.output_dir, now: new Date() }),
    say: (lines) => {
      for (const line of lines) progress.print(line);
    },
    now: Date.now,
  });
  const before = isFirst
    ? await findBeforeTraining({ ...asked, path, now: new Date() }, { isForced: options.force === true })
    : null;
  for (const finding of before?.findings ?? []) process.stderr.write(`${findingLines(finding).join('\n')}\n`);
  const outcome = await startTraining({
    loaded,
    isResuming: options.resume === true || loaded.config.training.resume,
    isManifestRebuildForced: environment.isManifestRebuildForced,
    looks: before?.looks,
    root: fileURLToPath(new URL('../..', import.meta.url)),
    version: version(),
    writeLog: (text) => progress.print(text),
    now: () => new Date(),
    interruption: () => signals.received,
    place,
    onPort: (port) => process.send?.({ port }),
    onStart: ({ done }) => {
      progress.doneBefore = done;
      if (options.reportStart === true) reportStart();
    },
    onProgress: (given) => {
      if (isFirst) watch.observe(given.last, windowsPerStep);
      progress.update(given);
    },
  });
  progress[Symbol.dispose]();
  if (outcome.reason !== 'finished' && outcome.reason !== 'stopped early')
    throw new Interruption(
      outcome.reason,
      `stopped at step ${outcome.step}; go on with: ${resumeCommand(path, options)}`,
    );
  const rows: [string, string | number | null][] = [
    ['outcome', `${outcome.reason} after epoch ${outcome.epoch}, step ${outcome.step}`],
    ...Object.entries(outcome.metrics).map(([name, value]): [string, string | null] => [
      `dev ${name}`,
      value?.toFixed(4) ?? null,
    ]),
    ['run folder', outcome.folder],
  ];
  if (options.json) writeJson(outcome);
  else process.stdout.write(textTable([{ heading: 'training' }, { heading: path }], rows));
}

/** GPUs that could share the training. */
function gpusFor(config: Config): number {
  const device = resolvedDevice(config, { cudaAvailable: isCudaAvailable() });
  return device === 'cpu' ? 0 : libraryInfo().cudaDevices;
}

/** A process that another has started must not outlive it, nor wait for its word. */
function endWithStarter(): void {
  process.channel?.unref();
  process.on('disconnect', () => process.exit(1));
}
