import type { TensorboardWriter } from '../runs/index.ts';
import { noGrad, scope, type Tensor } from '../torch/index.ts';

/** Writes a histogram of every weight, or of its gradient, to the TensorBoard file. */
export function writeHistograms(
  board: Pick<TensorboardWriter, 'histogram'>,
  step: number,
  parameters: ReadonlyMap<string, Tensor>,
  {
    ofWeights,
    ofGradients,
    now,
  }: { readonly ofWeights: boolean; readonly ofGradients: boolean; readonly now: Date },
): void {
  const valuesOf = (tensor: Tensor) =>
    noGrad(() => scope(() => tensor.detach().to({ device: 'cpu', dtype: 'float32' }).toArray()));
  for (const [name, parameter] of parameters) {
    if (ofWeights) board.histogram(step, `weights/${name}`, valuesOf(parameter), now);
    const { grad } = parameter;
    if (ofGradients && grad !== null) board.histogram(step, `gradients/${name}`, valuesOf(grad), now);
  }
}
