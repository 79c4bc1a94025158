import type { ProcessGroup, Tensor } from '../torch/index.ts';
import type { FixedWeights } from './fixed-weights.ts';

/** Whether a model is training, and what its dropout masks are a function of. */
export type Mode =
  | {
      readonly isTraining: false;
      /** Where weights stay as they are over many passes; what layers make of them is kept here. */
      readonly fixed?: FixedWeights;
    }
  | {
      readonly isTraining: true;
      readonly seed: number;
      /** Counts forward passes in training; () int64 where work is recorded once for all of them. */
      readonly step: number | Tensor;
      /** (B) int64, each window's index in the data set */
      readonly samples: Tensor;
      /** The processes that share the batch; statistics are over the windows of all. */
      readonly peers?: Peers | null;
      /** Sees what each layer makes, and gives what is used instead: normally the same. See {@link watched}. */
      readonly watch?: Watch;
    };

/** @param layer dotted, as its weights are named: `encoder.encoder_blocks.0.1` */
export type Watch = (layer: string, output: Tensor) => Tensor;

export interface Peers {
  readonly group: ProcessGroup;
  /** Windows of this forward pass in each process, in order of ranks. */
  readonly windows: readonly number[];
}

/** Running statistics, no dropout. */
export const EVALUATION: Mode = { isTraining: false };

/** A layer's output, seen by who watches the pass. Nothing where nobody does. */
export function watched(mode: Mode, layer: string, output: Tensor): Tensor {
  return mode.isTraining && mode.watch ? mode.watch(layer, output) : output;
}
