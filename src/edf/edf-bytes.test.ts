import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { EdfBytes } from './edf-bytes.ts';
import { openEdf } from './open.ts';
import { readSignals } from './read.ts';

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-edf-bytes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = sample('chb01/chb01_04_clip.edf');
const bytes = readFileSync(path);

test('however the bytes are cut, the records hold the samples of the file', async () => {
  const recording = await openEdf(path);
  const [last] = [recording.signals.length - 1];
  const expected = await readSignals(recording, [0, last], recording.segments[0]!);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 6 }),
      async (lengths) => {
        const edf = new EdfBytes('x.edf');
        const samples: number[][] = [[], []];
        let at = 0;
        for (let piece = 0; at < bytes.length; piece++) {
          const length = lengths[piece % lengths.length]!;
          for (const record of edf.push(bytes.subarray(at, at + length)))
            edf.signalsOf(record, [0, last]).forEach((values, channel) => {
              samples[channel]!.push(...values);
            });
          at += length;
        }
        expect(samples.map((values) => Float64Array.from(values))).toEqual(expected);
        expect([edf.records, edf.rest]).toEqual([recording.records, 0]);
        expect(edf.start?.signals).toEqual(recording.signals);
      },
    ),
    { numRuns: 8 },
  );
});

test('a recording that stops within a record: the whole ones, and the rest counted', () => {
  const edf = new EdfBytes('x.edf');
  edf.push(bytes.subarray(0, bytes.length - 100));
  expect(edf.records).toBe(36);
  expect(edf.rest).toBeGreaterThan(0);
});

test('a recording with holes: records and holes of the file, each record known once the next one is', async () => {
  const file = sample('chb03/chb03_01_clip_edfplusD.edf');
  const { segments, records } = await openEdf(file);
  // 0 to 10 s and 20 to 30 s.
  expect(segments.map(({ startS, firstRecord }) => [startS, firstRecord])).toEqual([
    [0, 0],
    [20, 10],
  ]);
  const content = readFileSync(file);
  const edf = new EdfBytes('x.edf');
  const placed: (number | null)[] = [];
  for (let at = 0; at < content.length; at += 1000) {
    placed.push(...edf.push(content.subarray(at, at + 1000)).map(({ afterHoleS }) => afterHoleS));
    expect(placed.length).toBe(Math.max(0, edf.records - 1));
  }
  placed.push(...edf.end().map(({ afterHoleS }) => afterHoleS));
  expect(placed).toEqual(Array.from({ length: records }, (_, record) => (record === 10 ? 20 : null)));
});

test('refusals: no EDF, a damaged header, records too large', () => {
  expect(() => new EdfBytes('x.edf').push(Buffer.alloc(300, 'a'))).toThrow(/x\.edf/);
  const noSignals = Buffer.from(bytes);
  noSignals.write('0   ', 252, 'latin1');
  expect(() => new EdfBytes('x.edf').push(noSignals)).toThrow('number of signals');
  const large = Buffer.from(bytes);
  // The first signal's samples a record: 8 characters after the other fields of all signals.
  const signals = Number(large.toString('latin1', 252, 256));
  large.write('90000000', 256 + signals * (16 + 80 + 8 * 5 + 80), 'latin1');
  expect(() => new EdfBytes('x.edf').push(large)).toThrow(/1 to 67108864 bytes/);
});

test('property: any damage to a header is refused with an InputError or read, never another error', () => {
  fc.assert(
    fc.property(fc.nat({ max: 256 * 5 }), fc.uint8Array({ minLength: 1, maxLength: 12 }), (at, damage) => {
      const damaged = Buffer.from(bytes.subarray(0, 20_000));
      damaged.set(damage, at);
      try {
        new EdfBytes('x.edf').push(damaged);
      } catch (error) {
        expect(error).toMatchObject({ name: 'InputError' });
      }
    }),
    { numRuns: 300 },
  );
});
