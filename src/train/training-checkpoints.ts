import type { CheckpointState, Json } from '../runs/index.ts';
import type { Tensor } from '../torch/index.ts';
import { fillFrom, toStored } from './checkpoint-tensors.ts';
import type { Training } from './loop.ts';
import { lossOdds } from './loss-settings.ts';
import { epochMeans, restoredState, storedState, type TrainingState } from './training-state.ts';

/** Saves a training into its run folder and goes on from there. */
export class TrainingCheckpoints {
  readonly #training: Training;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #isBeside: boolean;
  #savedAtMs: number;
  #writing: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;

  /**
   * @param tensors all that a resumed training needs to go on to the same bits, by name
   * @param isBeside whether training goes on while a checkpoint is written, as it can where another device computes
   */
  constructor(
    training: Training,
    tensors: ReadonlyMap<string, Tensor>,
    { isBeside = training.device !== 'cpu' } = {},
  ) {
    this.#training = training;
    this.#tensors = tensors;
    this.#isBeside = isBeside;
    this.#savedAtMs = training.now().getTime();
  }

  /** Whether `training.checkpoint_minutes` have passed since the last checkpoint. @throws what writing that one threw */
  get isDue(): boolean {
    if (this.#failure !== null) throw this.#failure;
    const { config, now } = this.#training;
    const minutes = config.training.checkpoint_minutes;
    return minutes !== null && now().getTime() - this.#savedAtMs >= minutes * 60_000;
  }

  /**
   * Takes `last` as things stand. Resolves once they may change; see {@link TrainingCheckpoints.written}. Of processes that
   * train together the first one writes it for all.
   *
   * @param also other names of the same checkpoint
   * @throws what writing the one before threw
   */
  async save(state: TrainingState, also: readonly string[] = []): Promise<void> {
    await this.written();
    const { config, run, board, now, peers } = this.#training;
    this.#savedAtMs = now().getTime();
    if (peers?.isFirst === false) return;
    const { metrics } = state;
    const stopping = config.training.early_stopping;
    const stored = storedState(state);
    this.#writing = run.saveCheckpoint('last', {
      tensors: toStored(this.#tensors),
      keep: config.training.keep_checkpoints,
      also,
      state: {
        model: { ...config.model } as { [key: string]: Json },
        ...stored,
        loop: { config: config as unknown as Json, ...stored.loop },
        metric:
          stopping && stopping.metric in metrics
            ? { name: stopping.metric, value: metrics[stopping.metric] ?? null, mode: stopping.mode }
            : null,
        thresholds: null,
        seizure_shares: this.#seizureShares(state),
        board_records: board.records,
      },
    });
    this.#writing.catch((error: unknown) => {
      this.#failure = error;
    });
    if (!this.#isBeside) await this.written();
  }

  /** Resolves once the last checkpoint is on disk. @throws what writing it threw */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Fills the tensors from the checkpoint that the run goes on from; null for a run that begins. */
  async restore(): Promise<TrainingState | null> {
    const { resumedFrom } = this.#training.run;
    if (resumedFrom === null) return null;
    await fillFrom(resumedFrom.tensors, this.#tensors);
    return restoredState(resumedFrom.state);
  }

  /** Of the last epoch that ended, or of the first as far as it has come. */
  #seizureShares(state: TrainingState): CheckpointState['seizure_shares'] {
    const { loss, prevalence } = this.#training;
    const batches = state.positiveShare ?? epochMeans(state).positive_share;
    const odds = lossOdds(loss);
    if (batches === null || !(odds > 0 && Number.isFinite(odds))) return null;
    return { batches, loss_odds: odds, recordings: prevalence };
  }
}
