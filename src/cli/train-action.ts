import { fileURLToPath } from 'node:url';
import {
  inForce,
  loadConfig,
  placeOfProcess,
  processesOf,
  readEnvironment,
  resolvedDevice,
  surroundings,
} from '../config/index.ts';
import {
  findBeforeTraining,
  findingLines,
  findWhileTraining,
  shellWord,
  TrainingWatch,
} from '../doctor/index.ts';
import { isWsl } from '../runs/index.ts';
import { isCudaAvailable, libraryInfo } from '../torch/index.ts';
import { startTraining, type TrainingProgress } from '../train/index.ts';
import { detachedText } from './detached-texts.ts';
import { reportStart, trainDetached } from './detached-training.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { announce, writeJson } from './output.ts';
import { Progress } from './progress.ts';
import { textTable } from './table.ts';
import type { TrainOptions } from './train.ts';
import { trainWithProcesses } from './train-processes.ts';
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
  const gpus =
    resolvedDevice(loaded.config, { cudaAvailable: isCudaAvailable() }) === 'cpu'
      ? 0
      : libraryInfo().cudaDevices;
  const processes = processesOf(loaded.config.resources, gpus);
  if (place === null && processes > 1) {
    const code = await trainWithProcesses(processes, parametersOf(path, options));
    if (code !== 0) throw new SaidAlready(code);
    return;
  }
  if (place === null || place.rank === 0) announce(inForce(), environment, loaded);
  const isFirst = place === null || place.rank === 0;
  const asked = {
    set,
    environment,
    surroundings: surroundings(),
    hasTerminal: process.stderr.isTTY === true,
  };
  if (place !== null) endWithStarter();
  const stop = listen();
  const shown: { progress: Progress | null } = { progress: null };
  const { experiment, training } = loaded.config;
  const windowsPerStep = training.batch_size * training.gradient_accumulation_steps;
  const watch = new TrainingWatch({
    look: () => findWhileTraining({ ...asked, set: [], path: experiment.output_dir, now: new Date() }),
    say: (lines) => {
      for (const line of lines) shown.progress?.print(line);
    },
    now: Date.now,
  });
  let doneBefore = 0;
  try {
    if (isFirst) {
      const findings = await findBeforeTraining(
        { ...asked, path, now: new Date() },
        { isForced: options.force === true },
      );
      for (const finding of findings) process.stderr.write(`${findingLines(finding).join('\n')}\n`);
    }
    const outcome = await startTraining({
      loaded,
      isResuming: options.resume === true || loaded.config.training.resume,
      isManifestRebuildForced: environment.isManifestRebuildForced,
      root: fileURLToPath(new URL('../..', import.meta.url)),
      version: version(),
      writeLog: (text) => (shown.progress === null ? process.stderr.write(text) : shown.progress.print(text)),
      now: () => new Date(),
      interruption: stop.signal,
      place,
      onPort: (port) => process.send?.({ port }),
      onStart: ({ done }) => {
        doneBefore = done;
        if (options.reportStart === true) reportStart();
      },
      onProgress: ({ step, steps, epoch, epochs, last, gpu }) => {
        shown.progress ??= new Progress({
          label: 'Training',
          total: steps,
          unit: 'steps',
          done: doneBefore,
          stream: process.stderr,
          isPlain: environment.isProgressPlain,
          intervalS: 10,
          now: Date.now,
        });
        if (isFirst) watch.observe(last, windowsPerStep);
        shown.progress.update(step, noteOf({ epoch: Math.min(epoch + 1, epochs), epochs, last, gpu }));
      },
    });
    shown.progress?.[Symbol.dispose]();
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
  } finally {
    stop.end();
  }
}

/** What goes on with the run: with the same options, since the configuration must be the same. */
function resumeCommand(path: string, { set, device, initFrom, force }: TrainOptions): string {
  const words = [
    ...['bgb', 'train', path],
    ...set.flatMap((assignment) => ['--set', assignment]),
    ...(device === undefined ? [] : ['--device', device]),
    ...(initFrom === undefined ? [] : ['--init-from', initFrom]),
    ...(force === true ? ['--force'] : []),
    '--resume',
  ];
  return words.map(shellWord).join(' ');
}

/** As in `epoch 3/10  loss 0.1234  lr 3.0e-4  812 windows/s  waiting 0.3 %  GPU 97 %, 61.2 GiB`. */
function noteOf({
  epoch,
  epochs,
  last,
  gpu,
}: Pick<TrainingProgress, 'epoch' | 'epochs' | 'last' | 'gpu'>): string {
  const parts = [`epoch ${epoch}/${epochs}`];
  if (last !== null)
    parts.push(
      `loss ${last.loss.toFixed(4)}`,
      `lr ${last.learningRate.toExponential(1)}`,
      `${last.windowsPerSecond.toPrecision(3)} windows/s`,
      `waiting ${(100 * last.waitingShare).toFixed(1)} %`,
    );
  if (gpu?.utilisation != null) parts.push(`GPU ${Math.round(100 * gpu.utilisation)} %`);
  if (gpu?.memoryBytes != null) parts.push(`${(gpu.memoryBytes / 2 ** 30).toFixed(1)} GiB`);
  return parts.join('  ');
}

/**
 * The first signal asks training to save and stop; Ctrl-C after it ends the process at once. A second SIGTERM does not: who
 * types bgb stop twice is impatient, not ready to lose the run.
 */
function listen() {
  let received: NodeJS.Signals | null = null;
  const handle = (signal: NodeJS.Signals) => {
    if (received !== null && signal === 'SIGINT') process.exit(130);
    received ??= signal;
  };
  // A terminal that is closed sends SIGHUP.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handle);
  return {
    signal: () => received,
    end: () => {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}

/** The command line behind `train`, for a process that does the same. */
function parametersOf(path: string, options: TrainOptions): string[] {
  const { set, resume, initFrom, device, force, json, reportStart: isReporting } = options;
  return [
    path,
    ...set.flatMap((assignment) => ['--set', assignment]),
    ...(resume === true ? ['--resume'] : []),
    ...(initFrom === undefined ? [] : ['--init-from', initFrom]),
    ...(device === undefined ? [] : ['--device', device]),
    ...(force === true ? ['--force'] : []),
    ...(json === true ? ['--json'] : []),
    ...(isReporting === true ? ['--report-start'] : []),
  ];
}

/** A process that another has started must not outlive it, nor wait for its word. */
function endWithStarter(): void {
  process.channel?.unref();
  process.on('disconnect', () => process.exit(1));
}
