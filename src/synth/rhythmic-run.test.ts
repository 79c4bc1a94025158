import { expect, test } from 'vitest';
import { Welch } from '../score/index.ts';
import { makeBlock } from './block.ts';
import { controlTrack } from './control.ts';
import { ELECTRODE_COUNT } from './head.ts';
import { RhythmicRun } from './rhythmic-run.ts';
import { DISCHARGE, SHARP, SINE, SPIKE_WAVE, type Waveform } from './waveform.ts';

const RATE = 256;
const ONE_ELECTRODE = new Float64Array(ELECTRODE_COUNT);
ONE_ELECTRODE[3] = 1;

/** Microvolts at one electrode, made in blocks of a length. */
function rendered(
  waveform: Waveform,
  { seconds = 64, blockLength = RATE, shape = 1, hz = (_: number) => 4, startS = 0 },
): Float64Array {
  const run = new RhythmicRun(startS, seconds - startS, {
    frequency: controlTrack(seconds, hz),
    shape: controlTrack(seconds, () => shape),
    waveform,
    generators: [{ field: ONE_ELECTRODE, amplitude: controlTrack(seconds, () => 20), lagS: 0 }],
  });
  const samples = new Float64Array(seconds * RATE);
  const block = makeBlock(RATE, blockLength);
  for (let start = 0; start < samples.length; start += blockLength) {
    block.start = start;
    block.electrodes[3]!.fill(0);
    run.add(block);
    samples.set(block.electrodes[3]!.subarray(0, samples.length - start), start);
  }
  return samples;
}

const power = (x: Float64Array) => x.reduce((sum, value) => sum + value ** 2, 0) / x.length;

test.each([
  ['a sine', SINE],
  ['sharp', SHARP],
  ['spike and wave', SPIKE_WAVE],
  ['discharge', DISCHARGE],
])('%s of 20 microvolts has that root mean square at any shape, and its period', (_, waveform) => {
  for (const shape of [0, 0.3, 1]) {
    const samples = rendered(waveform, { shape });
    expect(Math.sqrt(power(samples))).toBeCloseTo(20, 0);
    // It repeats after a quarter of a second.
    for (let t = 0; t < 1000; t++) expect(samples[t + 64]!).toBeCloseTo(samples[t]!, 6);
  }
});

test('the same in blocks of any length', () => {
  const hz = (timeS: number) => 10 - timeS / 10;
  const whole = rendered(SPIKE_WAVE, { hz });
  for (const blockLength of [64, 100, 1024]) {
    const other = rendered(SPIKE_WAVE, { hz, blockLength });
    other.forEach((value, t) => {
      if (Math.abs(value - whole[t]!) > 1e-6) expect(value).toBeCloseTo(whole[t]!, 6);
    });
  }
});

test('a glide from 10 to 3 Hz is where it should be at its ends, and nothing is there before it', () => {
  const samples = rendered(SINE, { seconds: 72, startS: 8, hz: (timeS) => 10 * 0.3 ** (timeS / 64) });
  expect(power(samples.subarray(0, 8 * RATE))).toBe(0);
  const peakOf = (x: Float64Array) => {
    const welch = new Welch(RATE, x.length);
    const density = welch.density(x);
    return welch.frequencies[density.indexOf(Math.max(...density))]!;
  };
  // Means over the first and the last 4 s, by the same law.
  expect(Math.abs(peakOf(samples.subarray(8 * RATE, 12 * RATE)) - 10 * 0.3 ** (2 / 64))).toBeLessThan(0.25);
  expect(Math.abs(peakOf(samples.subarray(68 * RATE)) - 10 * 0.3 ** (62 / 64))).toBeLessThan(0.25);
});
