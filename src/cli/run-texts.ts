import { constants } from 'node:os';
import { isGoingOn, type RecentSteps, type RunStatus } from '../runs/index.ts';
import { shellWord } from '../words.ts';
import { durationText } from './progress.ts';

/** As in `running`, `stopped (SIGTERM)`. */
export function stateText({ state, reason }: Pick<RunStatus, 'state' | 'reason'>): string {
  return state === 'stopped' && reason !== null ? `stopped (${reason})` : state;
}

/** As in `120/640  19 %`. */
export function progressText({ step, steps }: Pick<RunStatus, 'step' | 'steps'>): string {
  return steps === null ? `${step}` : `${step}/${steps}  ${percentDone(step, steps)} %`;
}

/** Whole percents, 100 only when all is done. */
export function percentDone(step: number, steps: number): number {
  return Math.floor((100 * step) / steps);
}

/** As in `auroc 0.9123`. */
export function metricText(metric: RunStatus['metric']): string | null {
  return metric?.value == null ? null : `${metric.name} ${metric.value.toFixed(4)}`;
}

/** Three digits, without an exponent: `0.0123`, `147`, `12300`. */
export function rateText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** As in `GPU 97 %, 61.2 GiB`; null without one. */
function gpuText({ gpuUtilisation, gpuMemoryBytes }: RecentSteps): string | null {
  if (gpuUtilisation === null && gpuMemoryBytes === null) return null;
  const parts = [
    gpuUtilisation === null ? 'N/A' : `${Math.round(100 * gpuUtilisation)} %`,
    ...(gpuMemoryBytes === null ? [] : [`${(gpuMemoryBytes / 2 ** 30).toFixed(1)} GiB`]),
  ];
  return `GPU ${parts.join(', ')}`;
}

/** What a run is at, as in `epoch 3/10  loss 0.1234  lr 3.0e-4  812 windows/s  waiting 0.3 %  GPU 97 %, 61.2 GiB`. */
export function activityText(status: Pick<RunStatus, 'epoch' | 'epochs' | 'recent'>): string {
  const { loss, learningRate, windowsPerS, waitingShare } = status.recent;
  const parts = [
    ...(status.epochs === null
      ? []
      : [`epoch ${Math.min(status.epoch + 1, status.epochs)}/${status.epochs}`]),
    ...(loss === null ? [] : [`loss ${Number.isFinite(loss) ? loss.toFixed(4) : loss}`]),
    ...(learningRate === null ? [] : [`lr ${learningRate.toExponential(1)}`]),
    ...(windowsPerS === null ? [] : [`${rateText(windowsPerS)} windows/s`]),
    ...(waitingShare === null ? [] : [`waiting ${(100 * waitingShare).toFixed(1)} %`]),
  ];
  return [...parts, gpuText(status.recent)].filter((part) => part !== null).join('  ');
}

/** What became of a run, in a sentence. */
export function endText(status: RunStatus): string {
  const { state, reason, step } = status;
  if (isGoingOn(state)) return `${status.name} is ${state} at step ${progressText(status)}.`;
  const metric = metricText(status.metric);
  const result = metric === null ? '' : ` ${status.metric!.isBest ? 'Best' : 'Last'} ${metric}.`;
  const resume = ` Go on with: bgb train ${shellWord(`${status.folder}/config.yaml`)} --resume`;
  if (state === 'finished') return `${status.name} has finished at step ${step}.${result}`;
  if (state === 'stopped')
    return `${status.name} was stopped by ${reason} at step ${step} and is saved.${result}${resume}`;
  if (state === 'failed')
    return `${status.name} has failed at step ${step}: ${reason ?? `see ${status.folder}/run.log`}`;
  if (state === 'killed')
    return `${status.name} was killed at step ${step}: its process is gone without a word.${result}${resume}`;
  return `${status.name}: nothing has been heard of it since ${status.lastAt ?? status.createdAt}.`;
}

/** The exit code of who waited for a run: that of the run itself. */
export function exitCodeOfRun({ state, reason }: Pick<RunStatus, 'state' | 'reason'>): number {
  if (state === 'finished') return 0;
  if (state === 'stopped')
    return 128 + (constants.signals[reason as NodeJS.Signals] ?? constants.signals.SIGTERM);
  return state === 'killed' ? 137 : 1;
}

/** As in `2:05:00 left`; null where there is nothing to say. */
export function leftText(seconds: number | null): string | null {
  return seconds === null ? null : `${durationText(seconds)} left`;
}

/** The document of `--json` for a run. */
export function statusDocument(status: RunStatus): object {
  const { recent, process, metric } = status;
  return {
    name: status.name,
    folder: status.folder,
    state: status.state,
    reason: status.reason,
    created_at: status.createdAt,
    last_at: status.lastAt,
    step: status.step,
    steps: status.steps,
    epoch: status.epoch,
    epochs: status.epochs,
    metric: metric && { name: metric.name, value: metric.value, is_best: metric.isBest },
    loss: recent.loss !== null && Number.isFinite(recent.loss) ? recent.loss : null,
    learning_rate: recent.learningRate,
    windows_per_s: recent.windowsPerS,
    waiting_share: recent.waitingShare,
    gpu_utilisation: recent.gpuUtilisation,
    gpu_memory_bytes: recent.gpuMemoryBytes,
    activity: status.activity,
    pid: process?.isHere ? process.pid : null,
    remote: status.remote,
  };
}
