/**
 * The safetensors file format: an 8-byte little-endian length, a JSON header of that length, then the
 * tensors' bytes without gaps (https://github.com/huggingface/safetensors, README, "Format"). Files written
 * here are byte for byte those of the reference library: tensors ordered by falling element size, so that
 * each starts at a multiple of its element size, then by name; the header padded to 8 bytes with blanks.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BgbError, InputError } from '../errors.ts';
import { writeAtomicWith } from '../files/index.ts';
import {
  DTYPE_BYTES,
  MAX_HEADER_BYTES,
  METADATA_NAME,
  type StoredTensor,
  tensorBytes,
} from './safetensors-header.ts';

/** What a file will hold, before it is written: its parts in order, views of the callers' bytes. */
export interface SafetensorsImage {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly sha256: string;
}

const DTYPE_ORDER = Object.keys(DTYPE_BYTES);
const PIECE_BYTES = 64 * 1024 * 1024;
/** Hashed before other work has its turn, such as the next step of a training: some 20 ms. */
const TURN_BYTES = 32 * 1024 * 1024;

/**
 * Lays tensors out as a safetensors file without copying them, and hashes the result, letting other work in between. Their
 * bytes must stay as they are until the image is written.
 *
 * @throws BgbError `SAFETENSORS_TENSOR` if a tensor's bytes do not match its dtype and shape.
 */
export async function layOutSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<SafetensorsImage> {
  const ordered = [...tensors].sort(
    ([a, left], [b, right]) =>
      DTYPE_ORDER.indexOf(left.dtype) - DTYPE_ORDER.indexOf(right.dtype) ||
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) {
    fields.push(`"${METADATA_NAME}":${JSON.stringify(metadata)}`);
  }
  let offset = 0;
  for (const [name, tensor] of ordered) {
    checkTensor(name, tensor);
    const end = offset + tensor.bytes.byteLength;
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset = end;
  }
  const head = headerBytes(`{${fields.join(',')}}`);
  const parts = [head, ...ordered.map(([, tensor]) => tensor.bytes)];
  const hash = createHash('sha256');
  let sinceTurn = 0;
  for (const piece of pieces(parts)) {
    hash.update(piece);
    sinceTurn += piece.byteLength;
    if (sinceTurn < TURN_BYTES) continue;
    await nextTurn();
    sinceTurn = 0;
  }
  return { parts, bytes: head.byteLength + offset, sha256: hash.digest('hex') };
}

/** Writes an image of {@link layOutSafetensors} atomically, piece by piece from the tensors' own memory. */
export async function writeImage(path: string, image: SafetensorsImage): Promise<void> {
  await writeAtomicWith(path, async (file) => {
    for (const piece of pieces(image.parts)) await file.writeFile(piece);
  });
}

/**
 * Writes a safetensors file atomically.
 *
 * @returns the SHA-256 and length of what was written.
 * @throws BgbError `SAFETENSORS_TENSOR` if a tensor's bytes do not match its dtype and shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ sha256: string; bytes: number }> {
  const image = await layOutSafetensors(tensors, metadata);
  await writeImage(path, image);
  return { sha256: image.sha256, bytes: image.bytes };
}

/**
 * Copies a file atomically, byte for byte.
 *
 * @throws InputError `CHECKPOINT_HALF` if what was read is not of this SHA-256
 */
export async function copySafetensors(from: string, to: string, sha256: string): Promise<void> {
  await writeAtomicWith(to, async (file) => {
    const hash = createHash('sha256');
    for await (const piece of createReadStream(from, { highWaterMark: PIECE_BYTES })) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    const found = hash.digest('hex');
    if (found !== sha256)
      throw new InputError(
        'CHECKPOINT_HALF',
        `${from} changed while it was copied: expected SHA-256 ${sha256}, found ${found}. Start again.`,
      );
  });
}

function checkTensor(name: string, { dtype, shape, bytes }: StoredTensor): void {
  if (name === METADATA_NAME || !name.isWellFormed()) {
    throw new BgbError('SAFETENSORS_TENSOR', `${JSON.stringify(name)} cannot be the name of a tensor.`);
  }
  const needed = shape.every((size) => size >= 0) ? tensorBytes(dtype, shape) : null;
  if (needed !== bytes.byteLength) {
    throw new BgbError(
      'SAFETENSORS_TENSOR',
      `Tensor ${JSON.stringify(name)}, ${dtype} [${shape}], needs ${needed ?? 'no number of'} bytes, but was given ${bytes.byteLength}.`,
    );
  }
}

function headerBytes(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.byteLength / 8) * 8;
  if (padded > MAX_HEADER_BYTES) {
    throw new BgbError(
      'SAFETENSORS_TENSOR',
      `The header would have ${padded} bytes; the format allows ${MAX_HEADER_BYTES}. Write fewer tensors.`,
    );
  }
  const bytes = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}

/** Cuts large parts, since one system call moves less than 2 GiB. */
function* pieces(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let from = 0; from < part.byteLength; from += PIECE_BYTES)
      yield part.subarray(from, from + PIECE_BYTES);
  }
}
