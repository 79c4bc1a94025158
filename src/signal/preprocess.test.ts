import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { openEdf, writeEdf } from '../edf/index.ts';
import { deriveMontage, montageChannels } from './montage.ts';
import { MontageReader } from './montage-reader.ts';
import { type PreprocessingSettings, preprocess } from './preprocess.ts';
import { SCIPY } from './testing/scipy-golden.ts';

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
  /** Electrodes in the file, in its order. */
  order?: readonly string[];
  seconds?: number;
  /** Of a data record. */
  recordS?: number;
  rate?: number;
  dimension?: string;
  /** Digital value of electrode e at sample i. */
  value?: (electrode: number, i: number) => number;
}

async function record(
  name: string,
  { order = CHANNELS, seconds = 4, recordS = 1, rate = 256, dimension = 'uV', value = wave }: Recorded = {},
) {
  const path = join(folder, `${name}.edf`);
  const signals = order.map((label) => ({
    label: `EEG ${label.toUpperCase()}-REF`,
    dimension,
    physicalMin: -3276.8,
    physicalMax: 3276.7,
    digitalMin: -32768,
    digitalMax: 32767,
    samplesPerRecord: rate * recordS,
    digital: Array.from({ length: seconds * rate }, (_, i) => value(CHANNELS.indexOf(label), i)),
  }));
  await writeEdf(path, {
    patient: 'X',
    recording: 'X',
    startedAt: '2000-01-01T00:00:00',
    recordDurationS: recordS,
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

test('B2: of signals with one label, the same one is taken wherever it stands', async () => {
  // As CHB-MIT's T8-P8, but the two differ from the third second on, or not at all.
  const differ = (from: number) => async (name: string, order: readonly number[]) => {
    const path = join(folder, `${name}.edf`);
    const value = (which: number, i: number) =>
      wave(which % 10, i) + (which === 13 && i >= from ? (i * 37) % 101 : 0);
    await writeEdf(path, {
      patient: 'X',
      recording: 'X',
      startedAt: '2000-01-01T00:00:00',
      recordDurationS: 1,
      signals: order.map((which) => ({
        label: which % 10 === 3 ? 'T8-P8' : `EEG C${which}-REF`,
        dimension: 'uV',
        physicalMin: -3276.8,
        physicalMax: 3276.7,
        digitalMin: -32768,
        digitalMax: 32767,
        samplesPerRecord: 256,
        digital: Array.from({ length: 200 * 256 }, (_, i) => value(which, i)),
      })),
    });
    const settings = { ...SETTINGS, montage: 'channels' as const, channels: ['C4', 'T4-T6'] };
    return preprocess(await openEdf(path), settings);
  };
  for (const from of [2 * 256, 150 * 256]) {
    const first = await differ(from)('first', [4, 3, 13]);
    const second = await differ(from)('second', [13, 4, 3]);
    expect(second).toEqual(first);
    expect(first.notices).toEqual([
      'there are several signals T8-P8, which differ; the one that is smaller where they first do is taken',
    ]);
    const alone = await differ(from)('alone', [4, 3]);
    expect(first.signal).toEqual(alone.signal);
  }
  expect((await differ(Number.POSITIVE_INFINITY)('same', [4, 3, 13])).notices).toEqual([]);
});

test('a bipolar channel is the difference, the recorded one, or the recorded one inverted', async () => {
  const settings = {
    ...SETTINGS,
    montage: 'channels' as const,
    channels: ['C3-P3'],
    bandpass: null,
    normalize: 'none' as const,
  };
  const recording = await record('pairs', { order: ['C3', 'P3'] });
  const relabelled = (...labels: string[]) => ({
    ...recording,
    signals: recording.signals.map((signal, index) => ({ ...signal, label: labels[index]! })),
  });
  const microvolts = async (source: typeof recording, channels = ['C3-P3']) => {
    const { signal, scale } = await preprocess(source, { ...settings, channels });
    return Array.from(signal, (steps) => steps * scale);
  };
  const c3 = await microvolts(recording, ['C3']);
  const p3 = await microvolts(recording, ['P3']);
  const derived = await microvolts(recording);
  const direct = await microvolts(relabelled('C3-P3', 'ECG'));
  const inverted = await microvolts(relabelled('P3-C3', 'ECG'));
  for (const i of [1, 200, 1000]) {
    // Each channel loses a median of its own.
    expect(derived[i]! - derived[0]!).toBeCloseTo(c3[i]! - p3[i]! - (c3[0]! - p3[0]!), 1);
    expect(direct[i]).toBe(c3[i]);
    expect(inverted[i]).toBeCloseTo(-c3[i]!, 9);
  }
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
  const recording = await record('unit');
  for (const [dimension, factor] of [
    ['V', 1e6],
    ['nV', 1e-3],
    ['µV', 1],
    ['UV', 1],
  ] as const) {
    const signals = recording.signals.map((signal) => ({ ...signal, dimension }));
    const { signal, scale } = await preprocess({ ...recording, signals }, kept);
    expect((signal[at]! * scale) / factor).toBeCloseTo(expected, 1);
  }
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
  const flat = await record('flat-too', { value: (e, i) => (e === 2 ? 7 : wave(e, i)) });
  const robust = await preprocess(flat, { ...SETTINGS, normalize: 'robust' });
  expect(robust.notices).toEqual(['channel C3 does not vary; it is zero']);
  expect((await preprocess(flat, { ...SETTINGS, normalize: 'none' })).notices).toEqual([]);
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

test('streamed twice with bounded memory or kept once, the bytes are the same', async () => {
  // Three blocks, the last of them short.
  const recording = await record('long', { rate: 64, seconds: 150 });
  for (const normalize of ['recording', 'none'] as const) {
    const settings = { ...SETTINGS, bandpass: [0.5, 30] as [number, number], normalize };
    const kept = await preprocess(recording, settings);
    const streamed = await preprocess(recording, settings, { stagingBytes: 0 });
    expect(streamed).toEqual(kept);
    expect(kept.signal.length).toBe(150 * 256 * 19);
  }
});

test('a data record of minutes is read in parts: the same samples, and never more than two minutes at once', async () => {
  const settings = { ...SETTINGS, bandpass: [0.5, 30] as [number, number], normalize: 'none' as const };
  const ofSeconds = await record('seconds', { rate: 64, seconds: 402 });
  const expected = await preprocess(ofSeconds, settings);
  for (const recordS of [201, 402]) {
    const recording = await record(`record-${recordS}`, { rate: 64, seconds: 402, recordS });
    expect((await preprocess(recording, settings)).signal).toEqual(expected.signal);
    const reader = new MontageReader(recording, deriveMontage(settings, recording.signals, 'x'));
    const lengths = [];
    for await (const [first] of reader.blocks(recording.segments[0]!)) lengths.push(first!.length);
    expect(lengths.reduce((a, b) => a + b)).toBe(402 * 64);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(128 * 64);
  }
});

test('running: nothing of the future is in the tensor', async () => {
  const settings = { ...SETTINGS, normalize: 'running' as const, running_time_constant_s: 2 };
  const loudEnd = (electrode: number, i: number) => wave(electrode, i) * (i < 512 ? 1 : 20);
  const [long, short, loud] = [
    await preprocess(await record('whole'), settings),
    await preprocess(await record('half', { seconds: 2 }), settings),
    await preprocess(await record('loud', { value: loudEnd }), settings),
  ];
  expect(short!.signal).toEqual(long!.signal.subarray(0, 512 * 19));
  expect(loud!.signal.subarray(0, 512 * 19)).toEqual(short!.signal);
  expect(loud!.signal).not.toEqual(long!.signal);
});

test('F2: what lies beyond the clip is clipped, and its share kept', async () => {
  const spike = (electrode: number, i: number) => (electrode === 0 && i === 600 ? 32000 : wave(electrode, i));
  const recording = await record('spike', { value: spike });
  const settings = { ...SETTINGS, bandpass: null };
  const { signal, scale, clippedShare } = await preprocess(recording, settings);
  expect(clippedShare).toBe(1 / (1024 * 19));
  expect(signal[600 * 19]! * scale).toBeCloseTo(10, 9);
  expect((await preprocess(recording, { ...settings, clip: 50 })).clippedShare).toBe(0);
  const inverted = await record('dip', { value: (electrode, i) => -spike(electrode, i) });
  const dip = await preprocess(inverted, settings);
  expect(dip.clippedShare).toBe(1 / (1024 * 19));
  expect(dip.signal[600 * 19]! * dip.scale).toBeCloseTo(-10, 9);
  // The greatest clip leaves no room beyond int16's range.
  expect(Math.min(...dip.signal)).toBe(-32767);
});

test("B3: an interpolated Fz holds the others by MNE's weights, and the notice says so", async () => {
  const order = CHANNELS.filter((name) => name !== 'Fz' && name !== 'Pz');
  const settings = { ...SETTINGS, bandpass: null, normalize: 'none' as const };
  const { signal, scale, notices, channels } = await preprocess(await record('fz', { order }), settings);
  expect(notices).toEqual(['interpolated by spherical splines: Fz, Pz']);
  expect(channels).toEqual(CHANNELS);
  const { cases } = JSON.parse(
    readFileSync(new URL('./fixtures/interp-golden.json', import.meta.url), 'utf8'),
  ) as { cases: { bads: string[]; good: string[]; weights: number[][] }[] };
  const { good, weights } = cases.find(({ bads }) => bads.join() === 'Fz,Pz')!;
  // As recorded: without the median, which each channel loses, in differences of two samples.
  const microvolts = (electrode: string, i: number) => signal[i * 19 + CHANNELS.indexOf(electrode)]! * scale;
  const step = (electrode: string, i: number) => microvolts(electrode, i) - microvolts(electrode, 0);
  for (const [row, electrode] of [
    [0, 'Fz'],
    [1, 'Pz'],
  ] as const)
    for (const i of [1, 300, 1023]) {
      const expected = good.reduce((sum, name, k) => sum + weights[row]![k]! * step(name, i), 0);
      expect(Math.abs(step(electrode, i) - expected)).toBeLessThan(4 * scale);
    }
});

test('the average over the recorded electrodes is subtracted, and the reference is then that', async () => {
  const settings = { ...SETTINGS, bandpass: null, normalize: 'none' as const };
  const order = CHANNELS.filter((name) => name !== 'Pz');
  const { signal, scale, reference } = await preprocess(await record('average', { order }), {
    ...settings,
    reference: 'average',
  });
  expect(reference).toBe('average');
  expect((await preprocess(await record('ref', { order }), settings)).reference).toBe('REF');
  const pz = CHANNELS.indexOf('Pz');
  const value = (i: number) => {
    const row = Array.from(signal.subarray(i * 19, i * 19 + 19), (steps) => steps * scale);
    return row.reduce((sum, each, channel) => sum + (channel === pz ? 0 : each), 0);
  };
  for (const i of [100, 700]) expect(Math.abs(value(i) - value(0))).toBeLessThan(20 * scale);
});

test('signals of different rates cannot be averaged or subtracted', async () => {
  const recording = await record('rates');
  const signals = recording.signals.map((signal, index) =>
    index === 3 ? { ...signal, sampleRate: 128, samplesPerRecord: 128 } : signal,
  );
  await expect(
    preprocess({ ...recording, signals }, { ...SETTINGS, montage: 'double-banana' }),
  ).rejects.toThrow(/is made of signals of different rates/);
});

test.each(SCIPY.pipelines)(
  'from $fs Hz, $resample, $filter, $normalize: as the same steps in SciPy',
  async ({ fs, n, filter, resample, length, normalize, y }) => {
    const path = join(folder, `scipy-${fs}.edf`);
    const digital = Array.from(wave8(n));
    await writeEdf(path, {
      patient: 'X',
      recording: 'X',
      startedAt: '2000-01-01T00:00:00',
      recordDurationS: n / fs,
      signals: [
        {
          label: 'EEG CZ-REF',
          dimension: 'uV',
          physicalMin: -4096,
          physicalMax: 4095.875,
          digitalMin: -32768,
          digitalMax: 32767,
          samplesPerRecord: n,
          digital,
        },
      ],
    });
    const { signal, scale } = await preprocess(await openEdf(path), {
      ...SETTINGS,
      montage: 'channels',
      channels: ['Cz'],
      bandpass: [0.5, 120],
      notch_freq: [50, 100],
      filter,
      resample,
      length,
      normalize,
    });
    expect(signal.length).toBe(y.length);
    const clipped = y.map((value) => Math.max(-10, Math.min(10, value)));
    signal.forEach((steps, i) => {
      expect(Math.abs(steps * scale - clipped[i]!)).toBeLessThan(0.51 * scale);
    });
  },
);

/** The golden file's wave plus 1 mV, in steps of 1/8 microvolt. */
function wave8(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => ((i * i * 7919 + 13 * i) % 2003) - 1000 + 8000);
}
