import { InputError } from '../errors.ts';
import type { SafetensorsDtype, SafetensorsFile, StoredTensor } from '../runs/index.ts';
import { type Dtype, fromTypedArray, noGrad, type Tensor } from '../torch/index.ts';

const DTYPES: Partial<Record<Dtype, SafetensorsDtype>> = { float32: 'F32', float64: 'F64', int64: 'I64' };

/** Copies of tensors in the form a checkpoint stores. */
export function toStored(tensors: ReadonlyMap<string, Tensor>): Map<string, StoredTensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const dtype = DTYPES[tensor.dtype];
      if (dtype === undefined) throw new TypeError(`no checkpoint stores a ${tensor.dtype} tensor (${name})`);
      const data = tensor.detach().data();
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      // From another device they are a copy already.
      return [name, { dtype, shape: tensor.shape, bytes: tensor.device === 'cpu' ? bytes.slice() : bytes }];
    }),
  );
}

/**
 * Fills tensors from those of the same names in a checkpoint, in place. Names that only the file has are left.
 *
 * @throws InputError `CHECKPOINT_TENSORS` when one is missing or of another shape or type; names them all
 */
export async function fillFrom(file: SafetensorsFile, tensors: ReadonlyMap<string, Tensor>): Promise<void> {
  const problems = [...tensors].flatMap(([name, tensor]) => {
    const entry = file.entries.get(name);
    if (entry === undefined) return [`${name} is missing`];
    const expected = `${DTYPES[tensor.dtype]} [${tensor.shape.join(', ')}]`;
    const found = `${entry.dtype} [${entry.shape.join(', ')}]`;
    return found === expected ? [] : [`${name} is ${found}, expected ${expected}`];
  });
  if (problems.length > 0)
    throw new InputError(
      'CHECKPOINT_TENSORS',
      `The checkpoint does not fit this model: ${problems.slice(0, 8).join('; ')}${problems.length > 8 ? `; and ${problems.length - 8} more` : ''}. Use the configuration it was trained with.`,
    );
  for (const [name, tensor] of tensors) {
    const { bytes } = await file.read(name);
    // A copy, since the bytes may start anywhere and typed arrays must be aligned.
    using source = fromTypedArray(arrayOf(tensor.dtype, bytes.slice().buffer), tensor.shape);
    noGrad(() => tensor.copy_(source));
  }
}

function arrayOf(dtype: Dtype, buffer: ArrayBuffer): Float32Array | Float64Array | BigInt64Array {
  if (dtype === 'float64') return new Float64Array(buffer);
  return dtype === 'int64' ? new BigInt64Array(buffer) : new Float32Array(buffer);
}
