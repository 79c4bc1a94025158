import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { type EdfRecording, openEdf, readSignals, type Signal } from '../edf/index.ts';
import { CausalStream, type StreamedRows } from './causal-stream.ts';
import { type PreprocessingSettings, preprocess } from './preprocess.ts';

const path = fileURLToPath(new URL('../../data/sample/chb01/chb01_04_clip.edf', import.meta.url));
const defaults = configSchema.shape.preprocessing.parse({});
const settingsOf = (more: Partial<PreprocessingSettings>): PreprocessingSettings => ({
  ...defaults,
  montage: 'double-banana',
  normalize: 'running',
  sampling_rate: 256,
  ...more,
});

let recording: EdfRecording;
beforeAll(async () => {
  recording = await openEdf(path);
});

/** What the stream makes of a recording that is pushed in pieces of so many samples. */
async function streamed(settings: PreprocessingSettings, lengths: readonly number[]) {
  const stream = new CausalStream(recording.signals, path, settings);
  const signals = await readSignals(recording, stream.needed, recording.segments[0]!);
  const rows: StreamedRows[] = [];
  for (let at = 0, piece = 0; at < signals[0]!.length; piece++) {
    const end = at + lengths[piece % lengths.length]!;
    rows.push(stream.push(signals.map((samples) => samples.slice(at, end))));
    at = end;
  }
  rows.push(stream.end());
  return { values: rows.flatMap((part) => Array.from(part)), stream };
}

describe.each<Partial<PreprocessingSettings>>([
  {},
  { normalize: 'none' },
  { sampling_rate: 200, montage: 'channels', channels: ['F7-T7', 'CZ-PZ'], bandpass: [0.5, 70] },
  { sampling_rate: 200, normalize: 'none', bandpass: null, notch_freq: null },
])('%j', (more) => {
  test('however the samples are cut, the rows are those of the recording, to the bit', async () => {
    const settings = settingsOf(more);
    const whole = await preprocess(recording, settings, { isQuantised: false });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 }),
        async (lengths) => {
          const { values, stream } = await streamed(settings, lengths);
          expect(values).toEqual(Array.from(whole.signal));
          expect([stream.scale, stream.reference, stream.channels]).toEqual([
            whole.scale,
            whole.reference,
            whole.channels,
          ]);
          expect(stream.notices()).toEqual(whole.notices);
        },
      ),
      { numRuns: 4 },
    );
  });
});

test('microvolts that are not quantised are the quantised ones to half a step', async () => {
  const settings = settingsOf({ normalize: 'none' });
  const [exact, stepped] = [
    await preprocess(recording, settings, { isQuantised: false }),
    await preprocess(recording, settings),
  ];
  expect(exact.signal).toBeInstanceOf(Float32Array);
  const worst = stepped.signal.reduce(
    (most, steps, at) => Math.max(most, Math.abs(steps * stepped.scale - exact.signal[at]!)),
    0,
  );
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThan(0.51 * stepped.scale);
});

test.each([
  [{ normalize: 'recording' }, 'normalize: recording'],
  [{ normalize: 'robust' }, 'normalize: robust'],
  [{ filter: 'zero_phase', resample: 'fft' }, 'resample: fft, filter: zero_phase'],
] as const)('%j is refused with the reason', (more, reason) => {
  expect(() => new CausalStream(recording.signals, path, settingsOf(more))).toThrow(`(${reason})`);
});

const electrode = (label: string): Signal => ({
  ...recording.signals[0]!,
  label,
  sampleRate: 100,
  samplesPerRecord: 100,
});

test('NaN and infinities become 0 and are counted; what does not vary is refused at the end', () => {
  const settings = settingsOf({
    montage: 'channels',
    channels: ['Cz', 'C3'],
    sampling_rate: 100,
    bandpass: null,
    notch_freq: null,
  });
  const broken = new CausalStream([electrode('Cz'), electrode('C3')], 'x', settings);
  const wave = () => Float64Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? Number.NaN : Math.sin(i)));
  broken.push([wave(), wave().fill(Number.POSITIVE_INFINITY)]);
  expect(broken.isFlat).toBe(false);
  broken.end();
  expect(broken.notices()).toEqual([
    '343 samples were not finite and are 0',
    'channel C3 does not vary; it is zero',
  ]);
  const flat = new CausalStream([electrode('Cz'), electrode('C3')], 'x', settings);
  flat.push([new Float64Array(300).fill(5), new Float64Array(300)]);
  expect(flat.isFlat).toBe(true);
  expect(() => flat.end()).toThrow('none of its 2 channels varies');
});

test('a row is complete within the stated delay', () => {
  const settings = settingsOf({
    montage: 'channels',
    channels: ['Cz'],
    sampling_rate: 256,
    bandpass: [0.5, 40],
    notch_freq: null,
  });
  const stream = new CausalStream([electrode('Cz')], 'x', settings);
  let rows = 0;
  for (let sample = 0; sample < 1000; sample++) {
    rows += stream.push([Float64Array.of(sample % 13)]).length;
    // Rows of the time up to `delayS` ago are there.
    if (sample > 100)
      expect(rows).toBeGreaterThanOrEqual(Math.floor(((sample + 1) / 100 - stream.delayS) * 256));
  }
  expect(rows).toBeLessThan(2560);
});
