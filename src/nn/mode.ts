import type { ProcessGroup, Tensor } from '../torch/index.ts';

/** Whether a model is training, and what its dropout masks are a function of. */
export type Mode =
  | { readonly isTraining: false }
  | {
      readonly isTraining: true;
      readonly seed: number;
      /** Counts forward passes in training; () int64 where work is recorded once for all of them. */
      readonly step: number | Tensor;
      /** (B) int64, each window's index in the data set */
      readonly samples: Tensor;
      /** The processes that share the batch; statistics are over the windows of all. */
      readonly peers?: Peers | null;
    };

export interface Peers {
  readonly group: ProcessGroup;
  /** Windows of this forward pass in each process, in order of ranks. */
  readonly windows: readonly number[];
}

/** Running statistics, no dropout. */
export const EVALUATION: Mode = { isTraining: false };
