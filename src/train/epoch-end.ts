import { collapseIn, likelyCauses } from './collapse.ts';
import { progressAfter } from './early-stopping.ts';
import { writeHistograms } from './histograms.ts';
import type { Metrics, Training } from './loop.ts';
import { CollapseError } from './run-stop.ts';
import { epochMeans, NO_SUMS, type TrainingState } from './training-state.ts';

/**
 * Ends an epoch whose evaluation gave these metrics: counts it, says it, and looks for a collapse. Returns whether this is
 * the best model so far.
 *
 * @throws CollapseError where too many evaluations in a row look collapsed
 */
export function endEpoch(training: Training, state: TrainingState, metrics: Metrics): boolean {
  const { config, evaluate } = training;
  const means = epochMeans(state);
  state.epoch++;
  state.stepInEpoch = 0;
  state.sums = NO_SUMS;
  state.metrics = metrics;
  state.positiveShare = means.positive_share;
  say(training, state, { ...means, ...metrics });
  guardCollapse(training, state);
  const stopping = config.training.early_stopping;
  if (stopping === null || evaluate === null) return true;
  const before = state.progress.best;
  state.progress = progressAfter(state.progress, metrics[stopping.metric] ?? null, stopping.mode);
  return before === null || state.progress.best !== before;
}

/** Whether early stopping ends the training here; then it says so. */
export function isOutOfPatience({ config, evaluate, log }: Training, { progress }: TrainingState): boolean {
  const stopping = config.training.early_stopping;
  if (stopping === null || evaluate === null) return false;
  if (progress.withoutImprovement < stopping.patience) return false;
  log.info(
    `stopped early: ${stopping.metric} has not improved on ${progress.best ?? 'undefined'} for ${stopping.patience} evaluations`,
  );
  return true;
}

/** Writes an epoch into events, TensorBoard and log. */
function say(
  { config, run, log, board, now, model }: Training,
  { step, epoch, metrics, positiveShare }: TrainingState,
  all: Metrics,
): void {
  if (positiveShare === 0)
    log.warning(`epoch ${epoch}: no batch held a seizure sample; the model can only learn to say no`);
  run.events.append('epoch', step, { epoch, ...all });
  board.scalars(step, defined('dev/', metrics), now());
  const { log_weights: ofWeights, log_gradients: ofGradients } = config.logging;
  writeHistograms(board, step, model.parameters(), { ofWeights, ofGradients, now: now() });
  log.info(`epoch ${epoch}/${config.training.epochs}: ${describe(all)}`);
}

function guardCollapse({ config, log }: Training, state: TrainingState): void {
  const { guards } = config.training;
  if (guards.collapse_epochs === null) return;
  const reason = collapseIn(state.metrics, guards);
  state.collapsedInARow = reason === null ? 0 : state.collapsedInARow + 1;
  if (reason === null) return;
  const times = `${state.collapsedInARow} of the ${guards.collapse_epochs} evaluations in a row that stop the run`;
  log.warning(`epoch ${state.epoch}: ${reason} (${times})`);
  if (state.collapsedInARow < guards.collapse_epochs) return;
  const causes = likelyCauses(config, state.positiveShare).map((cause) => `\n- ${cause}`);
  throw new CollapseError(
    `The model has collapsed: after epoch ${state.epoch}, for ${guards.collapse_epochs} evaluations in a row, ${reason}. Likely causes:${causes.join('')}\nTo train on all the same, set training.guards.collapse_epochs to null and --resume.`,
  );
}

/** Metrics that are defined, by their names behind `prefix`. */
function defined(prefix: string, metrics: Metrics): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => (value === null ? [] : [[prefix + name, value]])),
  );
}

function describe(metrics: Metrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value === null ? 'undefined' : value.toPrecision(4)}`)
    .join(', ');
}
