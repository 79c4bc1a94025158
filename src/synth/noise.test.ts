import { expect, test } from 'vitest';
import { Welch } from '../score/index.ts';
import { POWER_LAW_STATE, PowerLawFilter, Resonator, whiteNoise } from './noise.ts';

const moments = (values: Float64Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
};

test('white noise: mean 0, variance 1, neighbours and keys independent, the same in any blocks', () => {
  const count = 200_000;
  const [a, b] = [new Float64Array(count), new Float64Array(count)];
  whiteNoise(123, 0, count, a);
  whiteNoise(124, 0, count, b);
  // Standard errors: 0.0022 each.
  expect(Math.abs(moments(a).mean)).toBeLessThan(0.01);
  expect(Math.abs(moments(a).variance - 1)).toBeLessThan(0.015);
  const product = (x: Float64Array, y: Float64Array, lag: number) => {
    let sum = 0;
    for (let t = 0; t + lag < count; t++) sum += x[t]! * y[t + lag]!;
    return sum / count;
  };
  for (const lag of [1, 2, 7]) expect(Math.abs(product(a, a, lag))).toBeLessThan(0.01);
  for (const lag of [0, 1, 5]) expect(Math.abs(product(a, b, lag))).toBeLessThan(0.01);
  const part = new Float64Array(100);
  whiteNoise(123, 5000, 100, part);
  expect(part).toEqual(a.slice(5000, 5100));
});

test.each([
  [256, 1.2, 60],
  [250, 0.8, 60],
  [512, 1.8, 60],
])('at %i Hz the power falls as 1 / f^%f', (rate, exponent, knee) => {
  const filter = new PowerLawFilter(rate, exponent, knee);
  const count = 600 * rate;
  const noise = new Float64Array(count);
  whiteNoise(7, 0, count, noise);
  filter.apply(noise, count, new Float64Array(POWER_LAW_STATE));
  const welch = new Welch(rate, 4 * rate);
  const density = welch.density(noise);
  const around = (hz: number) => {
    const near = [...density.keys()].filter((k) => Math.abs(welch.frequencies[k]! / hz - 1) < 0.15);
    return near.reduce((sum, k) => sum + density[k]!, 0) / near.length;
  };
  // From 1 to 16 Hz, where the knee at 60 Hz does not yet matter (7 % at 16 Hz).
  const slope = -Math.log(around(16) / around(1)) / Math.log(16);
  expect(Math.abs(slope - exponent)).toBeLessThan(0.12);
  const step = welch.frequencies[1]!;
  const power = density.reduce(
    (sum, value, k) => sum + (welch.frequencies[k]! >= 1 && welch.frequencies[k]! < 70 ? value * step : 0),
    0,
  );
  expect(Math.abs(power - 1)).toBeLessThan(0.1);
});

test('a filter carries on from block to block', () => {
  const filter = new PowerLawFilter(256, 1.2, 10);
  const [whole, parts] = [new Float64Array(1000), new Float64Array(1000)];
  whiteNoise(7, 0, 1000, whole);
  whiteNoise(7, 0, 1000, parts);
  filter.apply(whole, 1000, new Float64Array(POWER_LAW_STATE));
  const state = new Float64Array(POWER_LAW_STATE);
  for (const [from, to] of [
    [0, 300],
    [300, 301],
    [301, 1000],
  ] as const)
    filter.apply(parts.subarray(from, to), to - from, state);
  expect(parts).toEqual(whole);
});

test('a resonator: unit variance, power around its frequency', () => {
  const count = 256 * 1200;
  const noise = new Float64Array(count);
  whiteNoise(3, 0, count, noise);
  new Resonator(256, 10, 1).apply(noise, count);
  expect(Math.abs(moments(noise).variance - 1)).toBeLessThan(0.12);
  const welch = new Welch(256, 1024);
  const density = welch.density(noise);
  const peak = welch.frequencies[density.indexOf(Math.max(...density))]!;
  expect(Math.abs(peak - 10)).toBeLessThan(0.5);
});
