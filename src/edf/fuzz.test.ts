import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { hasScaling } from './header.ts';
import { openEdf, readDigital, readSignals } from './index.ts';
import { parseTals } from './tal.ts';
import { inFolder, smallRecording, store } from './testing/damage.ts';

// Whatever the bytes: either a recording whose samples can be read, or an InputError of this room.
async function readsOrRefuses(path: string): Promise<void> {
  try {
    const recording = await openEdf(path);
    for (const segment of recording.segments) {
      const indices = recording.signals.map((_, index) => index);
      const samples = await readDigital(recording, indices, segment);
      samples.forEach((values, index) => {
        expect(values.length).toBe(recording.signals[index]!.samplesPerRecord * segment.records);
      });
      const scaled = indices.filter((index) => hasScaling(recording.signals[index]!));
      for (const values of await readSignals(recording, scaled, segment))
        expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(recording.segments.reduce((sum, { records }) => sum + records, 0)).toBe(recording.records);
    expect(Number.isFinite(recording.durationS)).toBe(true);
    for (const { onsetS } of recording.annotations) expect(Number.isFinite(onsetS)).toBe(true);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.code).toMatch(/^EDF_/);
    expect(error.message).toContain(path);
  }
}

test('random bytes', async () => {
  await inFolder(async (folder) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        await readsOrRefuses(await store(folder, bytes));
      }),
      { numRuns: 300 },
    );
  });
});

const interesting = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.constantFrom(
    '-',
    '+',
    '0',
    '9',
    '.',
    ',',
    'e9',
    '1e8 ',
    '1e308   ',
    '-1e308  1e308   ',
    '1e-320  ',
    '9'.repeat(400),
    '99999999',
    '-1      ',
    '\0',
    '\x14',
    '\x15',
    '\x14\0',
  ),
  fc.constantFrom('EDF Annotations ', 'EDF+D', 'EDF+C', '\xffBIOSEMI', 'Infinity', '4096', '0x10    '),
);
const damage = fc.array(fc.tuple(fc.nat(), interesting), { minLength: 1, maxLength: 6 });

test.each([{ hasAnnotations: false }, { hasAnnotations: true }])(
  'damaged headers, annotations and lengths ($hasAnnotations)',
  async ({ hasAnnotations }) => {
    await inFolder(async (folder) => {
      const original = (await smallRecording(folder, hasAnnotations)).bytes;
      await fc.assert(
        fc.asyncProperty(damage, fc.integer({ min: -60, max: 60 }), async (places, longer) => {
          const bytes = Buffer.from(original);
          for (const [at, text] of places) bytes.write(text, at % bytes.length, 'latin1');
          const resized =
            longer < 0 ? bytes.subarray(0, longer) : Buffer.concat([bytes, Buffer.alloc(longer)]);
          await readsOrRefuses(await store(folder, resized));
        }),
        { numRuns: 1500 },
      );
    });
  },
);

test('annotation lists: any bytes', () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      '+1',
      '-2.5',
      '\x14',
      '\x15',
      '\0',
      '\x14\0',
      '\x14\x14\0',
      'text',
      '+3\x150.5\x14a\x14b\x14\0',
    ),
    fc.string({ maxLength: 5 }),
  );
  const lists = fc.array(pieces, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));
  fc.assert(
    fc.property(fc.oneof(lists, fc.uint8Array({ maxLength: 80 })), fc.boolean(), (bytes, isTimeKeeper) => {
      try {
        const { annotations, recordStartS } = parseTals(bytes, isTimeKeeper, 'here');
        for (const { text, onsetS } of annotations) {
          expect(text).not.toBe('');
          expect(Number.isFinite(onsetS)).toBe(true);
        }
        if (!isTimeKeeper) expect(recordStartS).toBeNull();
      } catch (error) {
        expect(error).toMatchObject({ code: 'EDF_TAL', message: expect.stringMatching(/^here: /) });
      }
    }),
    { numRuns: 3000 },
  );
});
