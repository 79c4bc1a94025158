import fc from 'fast-check';
import { expect, test } from 'vitest';
import { channelFilters } from './channel-filters.ts';
import { ChannelPipeline } from './channel-pipeline.ts';
import { polyphaseFilter } from './polyphase.ts';
import { FourierResampler } from './resample.ts';

const RATE = 200;
const POLYPHASE = polyphaseFilter(32, 25);
const { filters } = channelFilters({ bandpass: [0.5, 120], notch_freq: [50], sampling_rate: 256 }, RATE, 'x');
const causal = { rate: RATE, resampling: POLYPHASE, filters, isZeroPhase: false };

function run(pipeline: ChannelPipeline, blocks: readonly Float64Array[]): number[] {
  const made = blocks.map((block) => pipeline.push(block.slice()));
  return [...made, pipeline.end()].flatMap((samples) => [...samples]);
}

const signal = fc
  .array(fc.double({ min: -3000, max: 3000, noNaN: true }), { minLength: 400, maxLength: 700 })
  .map((values) => Float64Array.from(values));

test('property: blocks of any size give the bits of the whole, also what is held to the end', () => {
  fc.assert(
    fc.property(signal, fc.nat(499), fc.boolean(), fc.boolean(), (whole, more, isZeroPhase, isFourier) => {
      const fourier = new FourierResampler(whole.length, Math.ceil(whole.length * 1.28));
      const settings = { ...causal, isZeroPhase, resampling: isFourier ? fourier : POLYPHASE };
      const at = Math.min(whole.length, RATE + more);
      const blocks = [whole.subarray(0, at), whole.subarray(at)];
      expect(run(new ChannelPipeline(settings), blocks)).toEqual(run(new ChannelPipeline(settings), [whole]));
    }),
    { numRuns: 40 },
  );
});

test('property: forwards, what comes later changes nothing before', () => {
  fc.assert(
    fc.property(signal, fc.nat(100), (whole, less) => {
      const shorter = whole.subarray(0, whole.length - less);
      const found = run(new ChannelPipeline(causal), [shorter]);
      // The resampler looks 10 samples of the slower rate ahead.
      const certain = Math.floor((shorter.length - 11) * 1.28);
      expect(found.slice(0, certain)).toEqual(run(new ChannelPipeline(causal), [whole]).slice(0, certain));
    }),
    { numRuns: 40 },
  );
});

test('an offset of 3 mV is gone from the first sample on', () => {
  const wave = Float64Array.from({ length: 2000 }, (_, i) => 20 * Math.sin(0.3 * i));
  const plain = run(new ChannelPipeline(causal), [wave]);
  const offset = run(new ChannelPipeline(causal), [wave.map((value) => value + 3000)]);
  offset.forEach((value, i) => {
    expect(Math.abs(value - plain[i]!)).toBeLessThan(1e-6);
  });
});

test('samples that are not finite become 0 before they reach a filter, and are counted', () => {
  const wave = Float64Array.from({ length: 600 }, (_, i) => 20 * Math.sin(0.3 * i));
  const broken = wave.slice();
  broken.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 300);
  const pipeline = new ChannelPipeline(causal);
  const found = run(pipeline, [broken]);
  expect(pipeline.nonFinite).toBe(3);
  expect(found.every(Number.isFinite)).toBe(true);
  const zeroed = wave.slice();
  const median = wave.slice(0, RATE).sort();
  zeroed.fill((median[RATE / 2 - 1]! + median[RATE / 2]!) / 2, 300, 303);
  expect(found).toEqual(run(new ChannelPipeline(causal), [zeroed]));
});

test('what a filter makes infinite becomes 0 too, forwards and at the end', () => {
  const huge = Float64Array.from({ length: 600 }, (_, i) => (i % 7 < 3 ? 8.9e307 : -8.9e307));
  for (const isZeroPhase of [false, true]) {
    const pipeline = new ChannelPipeline({ ...causal, isZeroPhase });
    expect(run(pipeline, [huge]).every(Number.isFinite)).toBe(true);
    expect(pipeline.nonFinite).toBeGreaterThan(0);
  }
});

test('segments shorter than the extension of a filter are filtered with a shorter one', () => {
  for (const length of [1, 2, 5, 20])
    expect(
      run(new ChannelPipeline({ ...causal, isZeroPhase: true }), [new Float64Array(length).fill(1)]),
    ).toHaveLength(Math.ceil(length * 1.28));
});

test('the band ends below what the recording carries; a band beyond is refused', () => {
  const settings = { bandpass: [0.5, 120] as [number, number], notch_freq: null, sampling_rate: 256 };
  expect(channelFilters(settings, 250, 'x').notice).toBeNull();
  expect(channelFilters(settings, 200, 'x').notice).toBe(
    'the band ends at 99 Hz instead of 120: signals of 200 Hz carry no more',
  );
  expect(() => channelFilters({ ...settings, bandpass: [60, 120] }, 100, 'x.edf')).toThrow(
    'x.edf: the band from 60 Hz lies beyond what signals of 100 Hz carry, less than 50 Hz.',
  );
});
