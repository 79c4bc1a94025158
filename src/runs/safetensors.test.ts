import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BgbError, InputError } from '../errors.ts';
import { SafetensorsFile } from './safetensors-file.ts';
import { DTYPE_BYTES, type SafetensorsDtype, type StoredTensor } from './safetensors-header.ts';
import { writeSafetensors } from './safetensors-write.ts';

const golden = new URL('fixtures/all-dtypes.safetensors', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-safetensors-'));
});
afterAll(async () => rm(folder, { recursive: true }));

function tensor(dtype: SafetensorsDtype, shape: number[], bytes: number[]): StoredTensor {
  return { dtype, shape, bytes: Uint8Array.from(bytes) };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** What fixtures/all-dtypes.py gave to the reference library. */
const contents = new Map<string, StoredTensor>([
  ['weight', tensor('F32', [2, 3], range(0, 24))],
  ['bias', tensor('F32', [3], range(100, 112))],
  ['step', tensor('I64', [], [7, 0, 0, 0, 0, 0, 0, 0])],
  ['double', tensor('F64', [1], [0, 0, 0, 0, 0, 0, 240, 63])],
  ['half', tensor('F16', [3], [0, 60, 0, 64, 0, 66])],
  ['brain', tensor('BF16', [1, 2], [128, 63, 0, 64])],
  ['i32', tensor('I32', [1], [255, 255, 255, 255])],
  ['i16', tensor('I16', [2], [1, 0, 2, 0])],
  ['i8', tensor('I8', [3], [255, 254, 253])],
  ['rng.état', tensor('U8', [5], [1, 2, 3, 4, 5])],
  ['mask', tensor('BOOL', [2], [1, 0])],
  ['empty', tensor('F32', [0, 4], [])],
]);

describe('against the reference library', () => {
  test('a file has the same bytes', async () => {
    const path = join(folder, 'same.safetensors');
    const written = await writeSafetensors(path, contents, { format: 'bgb' });
    const bytes = await readFile(path);
    expect(bytes.equals(await readFile(golden))).toBe(true);
    expect(written).toEqual({ bytes: 832, sha256: createHash('sha256').update(bytes).digest('hex') });
  });

  test('its file is read back, tensor by tensor', async () => {
    await using file = await SafetensorsFile.open(golden);
    expect(file.metadata).toEqual({ format: 'bgb' });
    expect([...file.entries.keys()].sort()).toEqual([...contents.keys()].sort());
    for (const [name, expected] of contents) expect(await file.read(name)).toEqual(expected);
    expect(await file.sha256()).toBe(
      createHash('sha256')
        .update(await readFile(golden))
        .digest('hex'),
    );
  });
});

/** A file with this header text and so many bytes of data. */
async function fileWith(header: string, dataBytes: number): Promise<string> {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.byteLength));
  const path = join(folder, 'given.safetensors');
  await writeFile(path, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
  return path;
}

async function errorOf(promise: Promise<unknown>): Promise<BgbError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BgbError);
  return error as BgbError;
}

describe('a file that does not hold', () => {
  const a = (begin: number, end: number) => `"a":{"dtype":"U8","shape":[4],"data_offsets":[${begin},${end}]}`;
  const b = (begin: number, end: number) => `"b":{"dtype":"U8","shape":[4],"data_offsets":[${begin},${end}]}`;
  test.each([
    [
      'overlap',
      `{${a(0, 4)},${b(3, 7)}}`,
      7,
      '"b" starts at data byte 3, inside tensor "a", which ends at 4',
    ],
    ['gap', `{${a(0, 4)},${b(5, 9)}}`, 9, '"b" starts at data byte 5, but tensor "a" ends at 4: a gap'],
    ['gap at the start', `{${a(1, 5)}}`, 5, '"a" starts at data byte 1, but the start of the data ends at 0'],
    ['data cut short', `{${a(0, 4)}}`, 3, 'its tensors need 4 bytes of data, but the file holds 3'],
    ['data left over', `{${a(0, 4)}}`, 5, 'its tensors need 4 bytes of data, but the file holds 5'],
    ['wrong size', `{${a(0, 5)}}`, 5, 'tensor "a", U8 [4], needs 4 bytes, but has 5'],
    ['name twice', `{${a(0, 4)},${a(4, 8)}}`, 8, 'its header states "a" twice'],
    ['escaped name twice', `{${a(0, 4)},"\\u0061":${b(4, 8).slice(4)}}`, 8, 'its header states "a" twice'],
    ['field twice', `{"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}}`, 4, '"dtype" twice'],
    [
      'unknown dtype',
      '{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}',
      4,
      'dtype "F8_E4M3"; expected one of I64',
    ],
    [
      'prototype as dtype',
      '{"a":{"dtype":"toString","shape":[4],"data_offsets":[0,4]}}',
      4,
      'dtype "toString"',
    ],
    ['no dtype', '{"a":{"shape":[4],"data_offsets":[0,4]}}', 4, 'has dtype missing'],
    ['negative size', '{"a":{"dtype":"U8","shape":[-2,-2],"data_offsets":[0,4]}}', 4, 'has shape [-2,-2]'],
    [
      'overflow',
      '{"a":{"dtype":"F64","shape":[9007199254740991],"data_offsets":[0,4]}}',
      4,
      'needs more than 2^53 bytes',
    ],
    ['offsets reversed', '{"a":{"dtype":"U8","shape":[],"data_offsets":[4,3]}}', 4, 'data_offsets [4,3]'],
    [
      'unknown field',
      '{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"scale":2}}',
      1,
      'the field "scale"',
    ],
    ['metadata not strings', '{"__metadata__":{"step":1}}', 0, '__metadata__ must map names to strings'],
    ['a list', '[]', 0, 'must start with "{", but starts with byte 91'],
    ['blank before', ' {}', 0, 'must start with "{", but starts with byte 32'],
    ['empty header', '', 0, 'starts with byte none'],
    ['not JSON', '{"a"', 0, 'not JSON in UTF-8'],
    ['tensor null', '{"a":null}', 0, 'must be an object with dtype, shape and data_offsets, but is null'],
    ['deep', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 0, 'but is a nested list'],
  ])('%s', async (_name, header, dataBytes, message) => {
    const error = await errorOf(SafetensorsFile.open(await fileWith(header, dataBytes)));
    expect(error).toBeInstanceOf(InputError);
    expect(error.code).toBe('SAFETENSORS_HEADER');
    expect(error.message).toContain(message);
    expect(error.message).toContain('given.safetensors');
  });

  test('invalid UTF-8 in the header', async () => {
    const path = await fileWith('{"a":0}', 0);
    const bytes = await readFile(path);
    bytes[10] = 0xff;
    await writeFile(path, bytes);
    expect((await errorOf(SafetensorsFile.open(path))).message).toContain('not JSON in UTF-8');
  });

  test.each([
    [Buffer.from([1, 2, 3]), 'must have at least 8 bytes, but has 3'],
    [
      Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 123, 125]),
      'states a header of 9 bytes, but has 2 after its length',
    ],
    [Buffer.alloc(8, 255), 'states a header of 18446744073709551615 bytes; the format allows 100000000'],
  ])('length %#', async (bytes, message) => {
    const path = join(folder, 'length.safetensors');
    await writeFile(path, bytes);
    const error = await errorOf(SafetensorsFile.open(path));
    expect(error.code).toBe('SAFETENSORS_HEADER');
    expect(error.message).toContain(message);
  });

  test('a missing file, a folder, a missing tensor', async () => {
    expect((await errorOf(SafetensorsFile.open(join(folder, 'none')))).code).toBe('SAFETENSORS_OPEN');
    expect((await errorOf(SafetensorsFile.open(folder))).code).toBe('SAFETENSORS_OPEN');
    await using file = await SafetensorsFile.open(golden);
    const error = await errorOf(file.read('wieght'));
    expect(error.code).toBe('SAFETENSORS_NAME');
    expect(error.message).toContain('no tensor "wieght"; it has "step", "double"');
  });

  test('a file cut after it was opened', async () => {
    const path = join(folder, 'cut.safetensors');
    await writeSafetensors(path, contents);
    await using file = await SafetensorsFile.open(path);
    await truncate(path, 760);
    expect((await errorOf(file.read('weight'))).code).toBe('SAFETENSORS_SHORT');
  });
});

test('the writer refuses bytes that do not match, and leaves no file', async () => {
  const path = join(folder, 'refused', 'x.safetensors');
  for (const given of [tensor('F32', [2], [1, 2, 3, 4]), tensor('U8', [-1, -4], [1, 2, 3, 4])]) {
    const error = await errorOf(writeSafetensors(path, new Map([['a', given]])));
    expect(error.code).toBe('SAFETENSORS_TENSOR');
  }
  const reserved = new Map([['__metadata__', tensor('U8', [1], [1])]]);
  expect((await errorOf(writeSafetensors(path, reserved))).code).toBe('SAFETENSORS_TENSOR');
  expect(await readdir(folder)).not.toContain('refused');
});

test('any tensors and names survive a round trip, each aligned to its element size', async () => {
  const dtype = fc.constantFrom(...(Object.keys(DTYPE_BYTES) as SafetensorsDtype[]));
  const stored = fc
    .tuple(dtype, fc.array(fc.nat(4), { maxLength: 3 }), fc.integer())
    .map(([type, shape, seed]) => {
      const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[type] as number);
      return tensor(
        type,
        shape,
        range(0, bytes).map((index) => (index * 31 + seed) & 255),
      );
    });
  const name = fc
    .oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', '0', '', 'constructor'))
    .filter((text) => text !== '__metadata__' && text.isWellFormed());
  const path = join(folder, 'round.safetensors');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, stored)), async (list) => {
      const tensors = new Map(list);
      await writeSafetensors(path, tensors);
      const headerBytes = (await readFile(path)).readBigUInt64LE(0);
      expect(headerBytes % 8n).toBe(0n);
      await using file = await SafetensorsFile.open(path);
      expect(file.entries.size).toBe(tensors.size);
      for (const [key, value] of tensors) {
        expect(await file.read(key)).toEqual(value);
        expect(file.entry(key).begin % DTYPE_BYTES[value.dtype]).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});

test('random and mutated bytes are read or refused with an InputError, never anything else', async () => {
  const intact = await readFile(golden);
  const mutated = fc
    .array(fc.tuple(fc.nat(intact.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = Uint8Array.from(intact);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const cut = fc.nat(intact.byteLength).map((length) => Uint8Array.from(intact.subarray(0, length)));
  const path = join(folder, 'fuzzed.safetensors');
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated, cut), async (bytes) => {
      await writeFile(path, bytes);
      try {
        await using file = await SafetensorsFile.open(path);
        for (const name of file.entries.keys()) await file.read(name);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 1500 },
  );
});
