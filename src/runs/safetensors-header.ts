import { InputError } from '../errors.ts';
import { duplicateKey } from './json-keys.ts';

/** Bytes of one element, for every dtype that bgb reads and writes. */
export const DTYPE_BYTES = {
  I64: 8,
  F64: 8,
  F32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Element type of a stored tensor, by its name in the safetensors format. */
export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

/** A tensor outside libtorch: row-major, little-endian bytes. */
export interface StoredTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** One tensor of a header: `begin` and `end` count bytes from the start of the data section. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A validated header: the entries in the order of their data, and the `__metadata__` strings. */
export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own bound on the header (the reference implementation refuses longer ones). */
export const MAX_HEADER_BYTES = 100_000_000;

/** The name under which a header keeps strings that are not tensors. */
export const METADATA_NAME = '__metadata__';

/**
 * Reads and checks the JSON header of a safetensors file: every dtype known, every size equal to shape times
 * element size, the data section covered once without overlap or gap, no name twice.
 *
 * @param bytes the header alone, without the 8 length bytes.
 * @param dataBytes length of the data section in the file.
 * @param path the file, for messages.
 * @throws InputError `SAFETENSORS_HEADER`
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, path: string): SafetensorsHeader {
  const json = parseJson(bytes, path);
  const metadata = Object.hasOwn(json, METADATA_NAME) ? parseMetadata(json[METADATA_NAME], path) : {};
  const entries = Object.entries(json)
    .filter(([name]) => name !== METADATA_NAME)
    .map(([name, value]) => parseEntry(name, value, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, dataBytes, path);
  return { entries, metadata };
}

/**
 * The bytes that a tensor of this dtype and shape occupies, or null where the product passes 2^53.
 */
export function tensorBytes(dtype: SafetensorsDtype, shape: readonly number[]): number | null {
  let bytes: number = DTYPE_BYTES[dtype];
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return null;
  }
  return bytes;
}

function parseJson(bytes: Uint8Array, path: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) {
    throw headerError(path, `its header must start with "{", but starts with byte ${bytes[0] ?? 'none'}`);
  }
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw headerError(path, 'its header is not JSON in UTF-8', cause);
  }
  const twice = duplicateKey(text);
  if (twice !== null) throw headerError(path, `its header states ${JSON.stringify(twice)} twice`);
  return json as Record<string, unknown>;
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((part) => typeof part === 'string')) {
    throw headerError(path, `${METADATA_NAME} must map names to strings, but is ${excerpt(value)}`);
  }
  return value as Record<string, string>;
}

function parseEntry(name: string, value: unknown, path: string): TensorEntry {
  const tensor = `tensor ${JSON.stringify(name)}`;
  if (!isObject(value)) {
    throw headerError(
      path,
      `${tensor} must be an object with dtype, shape and data_offsets, but is ${excerpt(value)}`,
    );
  }
  const unknown = Object.keys(value).find((key) => !['dtype', 'shape', 'data_offsets'].includes(key));
  if (unknown !== undefined) {
    throw headerError(
      path,
      `${tensor} has the field ${JSON.stringify(unknown)}; known are dtype, shape, data_offsets`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    const known = Object.keys(DTYPE_BYTES).join(' ');
    throw headerError(path, `${tensor} has dtype ${excerpt(dtype)}; expected one of ${known}`);
  }
  if (!isCounts(shape)) {
    throw headerError(path, `${tensor} has shape ${excerpt(shape)}; expected a list of whole numbers`);
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw headerError(
      path,
      `${tensor} has data_offsets ${excerpt(offsets)}; expected [begin, end] with begin <= end`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const needed = tensorBytes(dtype, shape);
  if (needed !== end - begin) {
    const size = needed === null ? 'more than 2^53' : needed;
    throw headerError(
      path,
      `${tensor}, ${dtype} ${excerpt(shape)}, needs ${size} bytes, but has ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function checkCoverage(entries: readonly TensorEntry[], dataBytes: number, path: string): void {
  let covered = 0;
  let before = 'the start of the data';
  for (const { name, begin, end } of entries) {
    const tensor = `tensor ${JSON.stringify(name)}`;
    if (begin < covered) {
      throw headerError(
        path,
        `${tensor} starts at data byte ${begin}, inside ${before}, which ends at ${covered}`,
      );
    }
    if (begin > covered) {
      throw headerError(
        path,
        `${tensor} starts at data byte ${begin}, but ${before} ends at ${covered}: a gap`,
      );
    }
    covered = end;
    before = tensor;
  }
  if (covered !== dataBytes) {
    throw headerError(path, `its tensors need ${covered} bytes of data, but the file holds ${dataBytes}`);
  }
}

function headerError(path: string, what: string, cause?: unknown): InputError {
  return new InputError(
    'SAFETENSORS_HEADER',
    `${path} is not a usable safetensors file: ${what}. Use an intact copy of the file.`,
    cause === undefined ? undefined : { cause },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((part) => Number.isSafeInteger(part) && part >= 0);
}

/** A short form for messages; nested values are only named, since they may be too deep to print. */
function excerpt(value: unknown): string {
  if (value === undefined) return 'missing';
  if (isObject(value)) return 'an object';
  if (Array.isArray(value) && value.some((part) => typeof part === 'object' && part !== null))
    return 'a nested list';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
