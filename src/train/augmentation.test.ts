import { expect, test } from 'vitest';
import { drawAugmentation } from './augmentation.ts';

type Settings = Parameters<typeof drawAugmentation>[0];

const NONE: Settings = { gain: null, polarity: false, channel_dropout: 0, channel_shuffle: false };
const draw = (settings: Partial<Settings>, windows = Array.from({ length: 2000 }, (_, i) => i), epoch = 3) =>
  drawAugmentation({ ...NONE, ...settings }, { seed: 5, epoch, windows, channels: 4 })!;

test('nothing to do is null', () => {
  expect(drawAugmentation(NONE, { seed: 1, epoch: 0, windows: [0], channels: 2 })).toBeNull();
});

test('gains are log-uniform, one a window', () => {
  const { factors } = draw({ gain: [0.25, 4] });
  const logs = Array.from({ length: 2000 }, (_, row) => Math.log(factors[4 * row]!));
  for (let row = 0; row < 2000; row++) expect(new Set(factors.subarray(4 * row, 4 * row + 4)).size).toBe(1);
  expect(Math.max(...factors)).toBeLessThanOrEqual(4);
  expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.25);
  // Uniform between -ln 4 and ln 4: mean 0 with standard error 0.018.
  expect(Math.abs(logs.reduce((a, b) => a + b) / 2000)).toBeLessThan(0.08);
});

test('half of the windows are turned over; the share of channels asked for is dropped', () => {
  const signs = draw({ polarity: true }).factors.filter((_, i) => i % 4 === 0);
  expect(Math.abs(signs.filter((sign) => sign < 0).length - 1000)).toBeLessThan(100);
  const dropped = draw({ channel_dropout: 0.3 }).factors.filter((factor) => factor === 0).length;
  expect(Math.abs(dropped - 2400)).toBeLessThan(200);
});

test('a shuffle puts every channel in one place, each equally often', () => {
  const { places } = draw({ channel_shuffle: true });
  const first = new Float64Array(4);
  for (let row = 0; row < 2000; row++) {
    const order = Array.from(places!.subarray(4 * row, 4 * row + 4), Number);
    expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    first[order[0]!]!++;
  }
  for (const count of first) expect(Math.abs(count - 500)).toBeLessThan(100);
});

test('draws depend on window and epoch, not on the batch', () => {
  const settings: Partial<Settings> = { gain: [0.3, 3] };
  expect(draw(settings, [7, 9]).factors.subarray(4)).toEqual(draw(settings, [9]).factors);
  expect(draw(settings, [9], 4).factors).not.toEqual(draw(settings, [9]).factors);
});
