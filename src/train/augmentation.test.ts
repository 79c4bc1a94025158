import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { type Mirror, mirrorOf } from '../signal/index.ts';
import { drawAugmentation, mirrorFrom } from './augmentation.ts';

type Settings = Parameters<typeof drawAugmentation>[0];

const NONE: Settings = {
  gain: null,
  polarity: false,
  channel_dropout: 0,
  left_right_flip: false,
  channel_shuffle: false,
};
const draw = (
  settings: Partial<Settings>,
  windows = Array.from({ length: 2000 }, (_, i) => i),
  epoch = 3,
  mirror: Mirror | null = null,
) => drawAugmentation({ ...NONE, ...settings }, { seed: 5, epoch, windows, channels: 4, mirror })!;

test('nothing to do is null', () => {
  expect(drawAugmentation(NONE, { seed: 1, epoch: 0, windows: [0], channels: 2, mirror: null })).toBeNull();
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

test('half of the windows change sides, whole and by name; inverted channels change sign', () => {
  const mirror = mirrorOf(['C3', 'Cz', 'C4', 'T3-T4']);
  const { places, factors } = draw({}, undefined, 3, mirror);
  let flipped = 0;
  for (let row = 0; row < 2000; row++) {
    const order = Array.from(places!.subarray(4 * row, 4 * row + 4), Number).join('');
    // T4-T3 is T3-T4 the other way round.
    if (order === '2103') expect([...factors.subarray(4 * row, 4 * row + 4)]).toEqual([1, 1, 1, -1]);
    else expect([order, ...factors.subarray(4 * row, 4 * row + 4)]).toEqual(['0123', 1, 1, 1, 1]);
    if (order === '2103') flipped++;
  }
  expect(Math.abs(flipped - 1000)).toBeLessThan(100);
});

test('a flip before a shuffle: each place has one channel, a sign goes with its channel', () => {
  const mirror = mirrorOf(['C3', 'Cz', 'C4', 'T3-T4']);
  const { places, factors } = draw({ channel_shuffle: true }, undefined, 3, mirror);
  const both = draw({ channel_shuffle: true });
  for (let row = 0; row < 2000; row++) {
    const order = Array.from(places!.subarray(4 * row, 4 * row + 4), Number);
    const shuffled = Array.from(both.places!.subarray(4 * row, 4 * row + 4), Number);
    const isFlipped = factors[4 * row + 3] === -1;
    expect(order).toEqual(shuffled.map((channel) => (isFlipped ? mirror.places[channel] : channel)));
  }
});

test('the flip is off unless asked for; a montage of one side is refused', () => {
  expect(mirrorFrom(configSchema.parse({}))).toBeNull();
  const training = { augmentation: { left_right_flip: true } };
  expect(mirrorFrom(configSchema.parse({ training }))!.places).toHaveLength(19);
  const preprocessing = { montage: 'channels', channels: ['C3', 'Cz'] };
  expect(() => mirrorFrom(configSchema.parse({ training, preprocessing }))).toThrow(/mirror of C3 is C4/);
});
