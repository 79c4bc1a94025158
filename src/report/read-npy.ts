import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';

const ARRAYS = { '<i2': Int16Array, '<f4': Float32Array } as const;

/**
 * An array that bgb wrote as .npy (`writeNpy`), with its shape.
 *
 * @throws InputError `REPORT_EXCERPT` where it is not whole or of another kind
 */
export async function readNpy<Dtype extends keyof typeof ARRAYS>(
  path: string,
  dtype: Dtype,
): Promise<{ values: InstanceType<(typeof ARRAYS)[Dtype]>; shape: readonly number[] }> {
  const bytes = await readFile(path);
  const header = bytes.length < 10 ? '' : bytes.toString('latin1', 10, 10 + bytes.readUInt16LE(8));
  const found = /'descr': '([^']*)'.*'shape': \(([^)]*)\)/.exec(header);
  const shape = (found?.[2] ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const start = 10 + header.length;
  const count = shape.reduce((product, length) => product * length, 1);
  const array = ARRAYS[dtype];
  if (found?.[1] !== dtype || bytes.length !== start + count * array.BYTES_PER_ELEMENT)
    throw new InputError(
      'REPORT_EXCERPT',
      `${path}: expected an array of ${dtype} as bgb evaluate writes it, found ${bytes.length} bytes with the header '${header.trim().slice(0, 100)}'. Evaluate again.`,
    );
  // Copied, so that it is aligned.
  const buffer = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  return { values: new array(buffer) as InstanceType<(typeof ARRAYS)[Dtype]>, shape };
}
