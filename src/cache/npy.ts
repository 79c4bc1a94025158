import { npyHeader, writeAtomic } from '../files/index.ts';

/** Writes one number a sample, (N) float32, as .npy: for a look from Python. */
export async function writeNpy(path: string, values: Float32Array): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  await writeAtomic(path, Buffer.concat([npyHeader('<f4', [values.length]), bytes]));
}
