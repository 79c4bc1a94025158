import { aten } from './aten.ts';
import { defaultDevice } from './device.ts';
import { type Device, type Dtype, dtypeOf, type Scalar, type TypedArray } from './dtype.ts';
import { TorchError } from './errors.ts';
import { native } from './native.ts';
import { scope, track } from './scope.ts';
import type { Tensor } from './tensor.ts';

interface FactoryOptions {
  /** float32 unless given. */
  dtype?: Dtype;
  /** The thread's default device unless given; see {@link withDevice}. */
  device?: Device;
}

type Nested = number | boolean | readonly Nested[];

/**
 * A tensor of the given numbers, nested in arrays as deep as its rank.
 *
 * @throws TorchError when the nesting is ragged
 */
export function tensor(
  values: Nested,
  { dtype = 'float32', device = defaultDevice() }: FactoryOptions = {},
): Tensor {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: number[] = [];
  flatten(values, shape, 0, flat);
  return scope(() => fromTypedArray(Float64Array.from(flat), shape).to({ dtype, device }));
}

function flatten(values: Nested, shape: readonly number[], depth: number, into: number[]): void {
  if (depth === shape.length && !Array.isArray(values)) {
    into.push(Number(values));
  } else if (Array.isArray(values) && values.length === shape[depth]) {
    for (const value of values) flatten(value as Nested, shape, depth + 1, into);
  } else {
    const found = Array.isArray(values) ? `${values.length} values` : 'a number';
    throw new TorchError(
      'tensor',
      [],
      new RangeError(
        `ragged array: expected ${shape[depth] ?? 'a number'} at depth ${depth}, found ${found}`,
      ),
    );
  }
}

interface TypedArrayOptions {
  /** The array's own element type unless given; name it for float16, bfloat16 and bool. */
  dtype?: Dtype;
  /** Use the array's own memory (writes are seen on both sides) instead of a copy. CPU only. */
  share?: boolean;
}

/**
 * A CPU tensor of the array's elements in row-major order. Also of arrays on a SharedArrayBuffer.
 *
 * @throws TorchError when the shape does not ask for the array's number of bytes
 */
export function fromTypedArray(
  array: TypedArray,
  shape: readonly number[] = [array.length],
  { dtype = dtypeOf(array), share = false }: TypedArrayOptions = {},
): Tensor {
  try {
    return track(native.fromTypedArray(array, shape, dtype, share) as Tensor);
  } catch (cause) {
    throw new TorchError('fromTypedArray', [`${dtype}[${shape.join(', ')}]`], cause);
  }
}

export function zeros(size: readonly number[], options: FactoryOptions = {}): Tensor {
  return aten.zeros({ size, ...filled(options) });
}

export function ones(size: readonly number[], options: FactoryOptions = {}): Tensor {
  return aten.ones({ size, ...filled(options) });
}

export function full(size: readonly number[], value: Scalar, options: FactoryOptions = {}): Tensor {
  return aten.full({ size, fill_value: value, ...filled(options) });
}

/** Memory with whatever it held before. */
export function empty(size: readonly number[], options: FactoryOptions = {}): Tensor {
  return aten['empty.memory_format']({ size, ...filled(options) });
}

/** 0, 1, ... `end` - 1, as int64 unless a dtype is given. */
export function arange(
  end: number,
  { dtype = 'int64', device = defaultDevice() }: FactoryOptions = {},
): Tensor {
  return aten.arange({ end, dtype, device });
}

/** The tensors one after the other along `dim`. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  return aten.cat({ tensors, dim });
}

/** The tensors side by side along a new `dim`. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  return aten.stack({ tensors, dim });
}

function filled({ dtype = 'float32', device = defaultDevice() }: FactoryOptions): {
  dtype: Dtype;
  device: Device;
} {
  return { dtype, device };
}
