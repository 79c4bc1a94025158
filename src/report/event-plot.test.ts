import { expect, test } from 'vitest';
import { clock, type EventToDraw, eventPlot } from './event-plot.ts';
import { elementsOf, numbersOf, ofClass } from './testing/elements.ts';

const RATE = 256;
const channels = ['Fp1-F7', 'F7-T3', 'Fp2-F8'];

/** A minute from 100 s on; the event from 120 to 150 s. */
function eventOf(more: Partial<EventToDraw['excerpt']> = {}): EventToDraw {
  const samples = 60 * RATE;
  return {
    name: 'missed-seizure-01',
    kind: 'missed',
    startS: 120,
    endS: 150,
    tauOn: 0.86,
    tauOff: 0.78,
    excerpt: {
      eeg: Int16Array.from({ length: samples * 3 }, (_, index) => 100 * Math.sin(index / 30)),
      channels,
      scale: 0.5,
      unit: 'µV',
      probability: new Float32Array(samples).fill(0.25),
      startS: 100,
      sampleRate: RATE,
      ...more,
    },
  };
}

test('the event is shaded where it is; times are those of the recording', () => {
  const elements = elementsOf(eventPlot(eventOf()).svg.markup);
  // 972 pixels from 84 on for 10 s before the event and 30 s from its start, all of it.
  expect(numbersOf(ofClass(elements, 'event')[0]!, 'x', 'width')).toEqual([84 + 972 / 4, (972 * 3) / 4]);
  const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
  expect(texts).toEqual(expect.arrayContaining([...channels, '0:02:00', '0:02:15', 'tau_on', 'tau_off']));
  expect(ofClass(elements, 'eeg')).toHaveLength(3);
});

test('chains of a bipolar montage stand apart, its links do not', () => {
  const elements = elementsOf(eventPlot(eventOf()).svg.markup);
  const heights = ofClass(elements, 'eeg').map(({ attributes }) =>
    Number(/translate\(84 (\d+)\)/.exec(attributes.transform!)![1]),
  );
  expect([heights[1]! - heights[0]!, heights[2]! - heights[1]!]).toEqual([24, 34]);
});

test('a spike of one sample is drawn, negative up', () => {
  const flat = new Int16Array(60 * RATE * 3);
  const eeg = Int16Array.from(flat, (_, index) => (index % 3 === 0 ? ((index / 3) % 2 === 0 ? 20 : -20) : 0));
  eeg[3 * 5001] = -60;
  const [first] = ofClass(elementsOf(eventPlot(eventOf({ eeg })).svg.markup), 'eeg');
  let [height, highest] = [0, 0];
  for (const [, command, numbers] of first!.attributes.d!.matchAll(/([Mlv])([^Mlv]*)/g)) {
    const values = numbers!.trim().split(' ').map(Number);
    height = command === 'M' ? values[1]! : height + values.at(-1)!;
    highest = Math.min(highest, height);
  }
  // The gain is by the middle channel, which is flat: 12 pixels a step, cut off 1.4 rows of 24 pixels away, 4 units each.
  expect(highest).toBe(Math.round(-1.4 * 24 * 4));
});

test('probability: 0.25 lies a quarter up, thresholds at theirs', () => {
  const elements = elementsOf(eventPlot(eventOf()).svg.markup);
  const [on] = ofClass(elements, 'threshold');
  const [off] = ofClass(elements, 'threshold off');
  const [path] = ofClass(elements, 'probability');
  // The panel is 70 pixels high, the path's units quarters of a pixel from its lower edge.
  expect(path!.attributes.d).toMatch(/^M0 -70(l1 0)+$/);
  expect(numbersOf(off!, 'y1')[0]! - numbersOf(on!, 'y1')[0]!).toBeCloseTo(0.08 * 70, 1);
});

test('the picture is as large for 100 s at 1 kHz as for 100 s at 256 Hz', () => {
  const noise = (rate: number) => ({
    eeg: Int16Array.from({ length: 100 * rate * 3 }, (_, index) => (index * 7919) % 301),
    probability: new Float32Array(100 * rate),
    sampleRate: rate,
  });
  const [slow, fast] = [256, 1000].map((rate) => eventPlot(eventOf(noise(rate))).svg.markup.length);
  expect(fast! / slow!).toBeLessThan(1.2);
  expect(fast).toBeLessThan(100_000);
});

test.each([0, 1, 3])('%d samples are drawn without numbers that are none', (samples) => {
  const empty = { eeg: new Int16Array(samples * 3), probability: new Float32Array(samples) };
  expect(eventPlot(eventOf(empty)).svg.markup).not.toMatch(/NaN|Infinity|undefined/);
});

test.each([
  [0, '0:00:00'],
  [59.6, '0:01:00'],
  [3725, '1:02:05'],
  [90_061, '25:01:01'],
])('%d s is %s', (seconds, text) => expect(clock(seconds)).toBe(text));
