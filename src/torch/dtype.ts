/** Element types, named as in PyTorch. */
export type Dtype =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool'
  | 'complex64'
  | 'complex128';

export type MemoryFormat = 'contiguous_format' | 'preserve_format' | 'channels_last';

/** `'cpu'`, `'cuda'` (the current CUDA device) or `'cuda:N'`. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

/** A number that an operator takes beside its tensors; whole numbers keep a tensor's own dtype. */
export type Scalar = number | boolean | bigint;

/** The typed arrays that share memory with tensors. `float16` and `bfloat16` travel as their raw 16 bits. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint16Array;

type Constructor = new (buffer: ArrayBuffer) => TypedArray;

const ARRAYS: Record<Dtype, Constructor> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

/** The typed-array class that holds elements of `dtype`. */
export function typedArrayOf(dtype: Dtype): Constructor {
  return ARRAYS[dtype];
}

/** The dtype whose elements a typed array holds; `Uint16Array` has none of its own and must be named. */
export function dtypeOf(array: ArrayBufferView): Dtype {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof BigInt64Array) return 'int64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Int16Array) return 'int16';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof Uint8Array) return 'uint8';
  throw new TypeError(`no dtype holds the elements of a ${array.constructor.name}; name the dtype`);
}
