import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openEdf, readDigital, readSignals } from './index.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(fixture(name), 'utf8'));

interface Golden {
  readonly annotations: readonly [onsetS: number, durationS: number, text: string][];
  readonly signals: readonly {
    readonly name: string;
    readonly rate: number;
    readonly samples: number;
    readonly first: readonly number[];
    readonly last: readonly number[];
    readonly weighted_sum: number;
    readonly sum_absolute: number;
  }[];
}
const goldens: Record<string, Golden> = json('golden.json').files;

// MNE scales what it recognises as volts to volts; the golden values are divided by that again.
const close = (value: number, expected: number, scale: number) =>
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-9 * scale);

describe('as MNE reads it', () => {
  test.each(Object.entries(goldens))('%s', async (name, golden) => {
    const recording = await openEdf(fixture(name));
    const all = recording.signals.map((_, index) => index);
    const samples = await readSignals(recording, all, recording.segments[0]!);

    expect(samples.map(({ length }) => length)).toEqual(golden.signals.map((signal) => signal.samples));
    golden.signals.forEach((expected, index) => {
      const signal = recording.signals[index]!;
      const values = samples[index]!;
      // MNE numbers labels that occur more than once.
      expect(expected.name.startsWith(signal.label)).toBe(true);
      expect(expected.name.slice(signal.label.length)).toMatch(/^(-\d)?$/);
      close(signal.sampleRate, expected.rate, expected.rate);
      expected.first.forEach((value, at) => {
        close(values[at]!, value, 1 + Math.abs(value));
      });
      expected.last.forEach((value, at) => {
        close(values.at(at - expected.last.length)!, value, 1 + Math.abs(value));
      });
      close(
        values.reduce((sum, value) => sum + Math.abs(value), 0),
        expected.sum_absolute,
        1 + expected.sum_absolute,
      );
      close(
        values.reduce((sum, value, at) => sum + value * Math.cos(at), 0),
        expected.weighted_sum,
        1 + expected.sum_absolute,
      );
    });

    const byOnset = golden.annotations.toSorted((a, b) => a[0] - b[0]);
    expect(recording.annotations.map(({ text }) => text)).toEqual(byOnset.map(([, , text]) => text));
    recording.annotations.forEach(({ onsetS, durationS }, index) => {
      close(onsetS, byOnset[index]![0], 1e3);
      close(durationS ?? 0, byOnset[index]![1], 1e3);
    });
  });
});

describe('as it was generated', () => {
  const truth: Record<string, SyntheticChannel[]> = json('synthetic.json');
  test.each(Object.entries(truth))('%s', async (name, channels) => {
    const recording = await openEdf(fixture(name));
    const all = recording.signals.map((_, index) => index);
    const digital = await readDigital(recording, all, recording.segments[0]!);
    const physical = await readSignals(recording, all, recording.segments[0]!);
    expect(recording.signals.map(({ label }) => label)).toEqual(channels.map(({ label }) => label));
    channels.forEach((channel, index) => {
      expect(recording.signals[index]!.sampleRate).toBe(channel.fs);
      expect(digital[index]!.length).toBe(channel.n);
      expect(Array.from(digital[index]!.subarray(0, 8))).toEqual(channel.first8_digital);
      expect(digital[index]!.reduce((sum, value) => sum + value, 0)).toBe(channel.sum_digital);
      channel.first8_physical.forEach((value, at) => {
        expect(physical[index]![at]).toBeCloseTo(value, 9);
      });
    });
  });

  interface SyntheticChannel {
    readonly label: string;
    readonly fs: number;
    readonly n: number;
    readonly first8_digital: readonly number[];
    readonly first8_physical: readonly number[];
    readonly sum_digital: number;
  }

  test('annotations with commas, two in one list, without duration', async () => {
    const { annotations, kind } = await openEdf(fixture('synthetic_edfplus_annotations.edf'));
    expect(kind).toBe('EDF+C');
    expect(annotations).toEqual([
      { onsetS: 1.5, durationS: 2.25, text: 'seiz' },
      { onsetS: 3.125, durationS: null, text: 'note, with comma' },
      { onsetS: 3.125, durationS: null, text: 'zweite' },
    ]);
  });
});

test('a fraction of a second in the first time-keeping annotation belongs to the start', async () => {
  const recording = await openEdf(fixture('edfio_test_subsecond.edf'));
  // The header says 04.05.56, the first data record +0.3945312.
  expect(recording.startedAt).toBe('2020-01-24T04:05:56.394531');
  expect(recording.segments[0]).toMatchObject({ startS: 0, durationS: 8 });
});

test('what other writers wrote is read without a warning, but for two files that are odd', async () => {
  const codes: Record<string, string[]> = {};
  for (const name of Object.keys(goldens)) {
    const { warnings } = await openEdf(fixture(name));
    if (warnings.length > 0) codes[name] = warnings.map(({ code }) => code);
  }
  expect(codes).toEqual({
    // Starts on '42.00.00', and is one byte longer than its records.
    'EDF.jl_test_uneven_samp.edf': ['EDF_START', 'EDF_TRAILING'],
    // Has an annotation signal, and no 'EDF+C' in its reserved field.
    'pyedflib_test_legacy.edf': ['EDF_PLUS_UNMARKED'],
  });
});

test('annotations are UTF-8', async () => {
  const { annotations } = await openEdf(fixture('pyedflib_test_utf8.edf'));
  expect(annotations.map(({ text }) => text)).toContain('中文测试八个字');
});
