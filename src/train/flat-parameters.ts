import { cat, type Device, noGrad, type Tensor, zeros } from '../torch/index.ts';

/**
 * Parameters laid one after the other in two buffers, with their gradients in two more: one buffer for those
 * that weight decay applies to, one for the rest. Every parameter becomes a view of its buffer, so that the
 * optimiser, the gradient norm and an average each are a few operators however many layers there are.
 */
export interface FlatParameters {
  /** Matrices and convolution kernels; weight decay applies. */
  readonly decayed: FlatGroup;
  /** Biases, norms, and the per-head values of Mamba-2: one dimension or none (failures F5). */
  readonly plain: FlatGroup;
}

export interface FlatGroup {
  readonly names: readonly string[];
  /** (N) of the parameters' own dtype, float32 in training */
  readonly values: Tensor;
  /** (N), dtype as the values; `backward()` adds into it */
  readonly gradients: Tensor;
}

/** Whether weight decay applies to a parameter of this shape (Loshchilov and Hutter 2019; as in nanoGPT). */
function isDecayed(shape: readonly number[]): boolean {
  return shape.length >= 2;
}

/** Moves the storage of every parameter into flat buffers; the parameters stay the same tensors. */
export function flatten(parameters: ReadonlyMap<string, Tensor>): FlatParameters {
  const entries = [...parameters];
  const device = entries[0]?.[1].device ?? 'cpu';
  return {
    decayed: group(
      entries.filter(([, parameter]) => isDecayed(parameter.shape)),
      device,
    ),
    plain: group(
      entries.filter(([, parameter]) => !isDecayed(parameter.shape)),
      device,
    ),
  };
}

function group(entries: readonly (readonly [string, Tensor])[], device: Device): FlatGroup {
  return noGrad(() => {
    const values =
      entries.length > 0
        ? cat(entries.map(([, parameter]) => parameter.reshape(-1)))
        : zeros([0], { device });
    const gradients = zeros([values.elementCount], { device, dtype: values.dtype });
    let start = 0;
    for (const [, parameter] of entries) {
      const end = start + parameter.elementCount;
      parameter.set_(values.slice(0, start, end).view(...parameter.shape));
      parameter.grad = gradients.slice(0, start, end).view(...parameter.shape);
      start = end;
    }
    return { names: entries.map(([name]) => name), values, gradients };
  });
}
