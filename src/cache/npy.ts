import { npyHeader, writeAtomic } from '../files/index.ts';

/** Writes an array as .npy, atomically: for a look from Python. @param shape (N) unless given */
export async function writeNpy(
  path: string,
  values: Float16Array | Float32Array | Int16Array,
  shape: readonly number[] = [values.length],
): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const dtype = values instanceof Int16Array ? '<i2' : values instanceof Float16Array ? '<f2' : '<f4';
  await writeAtomic(path, Buffer.concat([npyHeader(dtype, shape), bytes]));
}
