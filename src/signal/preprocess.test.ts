import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { openEdf, writeEdf } from '../edf/index.ts';
import { montageChannels } from './montage.ts';
import { type PreprocessingSettings, preprocess } from './preprocess.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-signal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { use_mne: _, ...DEFAULTS } = configSchema.parse({}).preprocessing;
const SETTINGS: PreprocessingSettings = {
  ...DEFAULTS,
  bandpass: [0.5, 100],
  notch_freq: null,
  sampling_rate: 256,
};
const CHANNELS = montageChannels(SETTINGS);

interface Recorded {
  order?: readonly string[];
  rate?: number;
  dimension?: string;
  /** Digital value of electrode e at sample i. */
  value?: (electrode: number, i: number) => number;
}

async function record(
  name: string,
  { order = CHANNELS, rate = 256, dimension = 'uV', value = wave }: Recorded = {},
) {
  const path = join(folder, `${name}.edf`);
  const signals = order.map((label) => ({
    label: `EEG ${label.toUpperCase()}-REF`,
    dimension,
    physicalMin: -3276.8,
    physicalMax: 3276.7,
    digitalMin: -32768,
    digitalMax: 32767,
    samplesPerRecord: rate,
    digital: Array.from({ length: 4 * rate }, (_, i) => value(CHANNELS.indexOf(label), i)),
  }));
  await writeEdf(path, {
    patient: 'X',
    recording: 'X',
    startedAt: '2000-01-01T00:00:00',
    recordDurationS: 1,
    signals,
  });
  return openEdf(path);
}

function wave(electrode: number, i: number): number {
  return Math.round(500 * Math.sin(0.02 * i * (electrode + 2)) + 200 * Math.cos(0.3 * i + electrode));
}

test('B2: shuffling the channels of a file gives the identical tensor', async () => {
  const straight = await preprocess(await record('straight'), SETTINGS);
  const shuffled = await preprocess(await record('shuffled', { order: CHANNELS.toReversed() }), SETTINGS);
  expect(shuffled.signal).toEqual(straight.signal);
  expect(straight.channels).toEqual(CHANNELS);
  expect(straight.segments).toEqual([{ firstRow: 0, rows: 1024, startSample: 0 }]);
});

test('each channel has mean 0 and deviation 1, and the scale turns int16 back', async () => {
  const { signal, scale, clippedShare } = await preprocess(await record('z'), SETTINGS);
  const channel = Float64Array.from({ length: 1024 }, (_, i) => signal[i * 19 + 3]! * scale);
  const mean = channel.reduce((a, b) => a + b) / 1024;
  expect(Math.abs(mean)).toBeLessThan(1e-4);
  expect(Math.sqrt(channel.reduce((a, b) => a + (b - mean) ** 2, 0) / 1024)).toBeCloseTo(1, 3);
  expect(clippedShare).toBe(0);
});

test('units are respected when values are kept', async () => {
  const kept = { ...SETTINGS, normalize: 'none' as const, bandpass: null };
  const microvolts = await preprocess(await record('uv'), kept);
  const millivolts = await preprocess(await record('mv', { dimension: 'mV' }), kept);
  const at = 19 * 100 + 5;
  const firstSecond = Array.from({ length: 256 }, (_, i) => wave(5, i)).sort((a, b) => a - b);
  const expected = (wave(5, 100) - (firstSecond[127]! + firstSecond[128]!) / 2) / 10;
  expect(microvolts.signal[at]! * microvolts.scale).toBeCloseTo(expected, 1);
  expect((millivolts.signal[at]! * millivolts.scale) / 1000).toBeCloseTo(expected, 1);
  await expect(async () => preprocess(await record('mm', { dimension: 'mmHg' }), kept)).rejects.toThrow(
    /is in 'mmHg', expected a voltage/,
  );
});

test('other rates become the rate asked for', async () => {
  for (const rate of [200, 512]) {
    const { segments, sampleRate } = await preprocess(await record(`r${rate}`, { rate }), SETTINGS);
    expect(sampleRate).toBe(256);
    expect(segments[0]!.rows).toBe(1024);
  }
});

test('a flat channel is zero and named; a wholly flat recording is refused', async () => {
  const { signal, notices } = await preprocess(
    await record('flat', { value: (e, i) => (e === 2 ? 7 : wave(e, i)) }),
    SETTINGS,
  );
  expect(notices).toEqual(['channel C3 does not vary; it is zero']);
  expect(Array.from({ length: 1024 }, (_, i) => signal[i * 19 + 2])).toEqual(new Array(1024).fill(0));
  await expect(async () => preprocess(await record('dead', { value: () => 7 }), SETTINGS)).rejects.toThrow(
    /none of its 19 channels varies/,
  );
});

test('a band or notch that the rate cannot carry is refused', async () => {
  const recording = await record('band');
  await expect(preprocess(recording, { ...SETTINGS, bandpass: [0.5, 128] })).rejects.toThrow(
    /Lower the band's upper edge/,
  );
  await expect(preprocess(recording, { ...SETTINGS, notch_freq: [60, 150] })).rejects.toThrow(
    /Set it to null/,
  );
});

test('each segment of a real EDF+D recording is filtered alone', async () => {
  const path = fileURLToPath(new URL('../../data/sample/chb03/chb03_01_clip_edfplusD.edf', import.meta.url));
  const settings = { ...SETTINGS, montage: 'double-banana' as const, normalize: 'none' as const };
  const recording = await openEdf(path);
  const both = await preprocess(recording, settings);
  expect(both.segments).toEqual([
    { firstRow: 0, rows: 2560, startSample: 0 },
    { firstRow: 2560, rows: 2560, startSample: 20 * 256 },
  ]);
  const alone = await preprocess({ ...recording, segments: recording.segments.slice(1) }, settings);
  for (let i = 0; i < alone.signal.length; i += 997)
    expect(both.signal[2560 * 18 + i]! * both.scale).toBeCloseTo(alone.signal[i]! * alone.scale, 0);
});
