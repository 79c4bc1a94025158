import { expect, test } from 'vitest';
import { makeBlock } from '../block.ts';
import { Draws } from '../draws.ts';
import { ELECTRODES } from '../head.ts';
import { drawPatient } from '../patient.ts';
import { PROFILES } from '../profile.ts';
import { drawArtefacts, Electronics, Heart } from './index.ts';

const RATE = 256;
const patient = { ...drawPatient(1, PROFILES.tusz, 0), rate: RATE, artefactLevel: 1 };
const HOURS = 4;
const context = {
  patient,
  spans: [
    { stage: 'wake' as const, startS: 0, endS: 7200 },
    { stage: 'n3' as const, startS: 7200, endS: 3600 * HOURS },
  ],
  durationS: 3600 * HOURS,
};

test('every kind the corpus promises, at its rate; eyes and jaws rest in deep sleep', () => {
  const { added, replacing } = drawArtefacts(new Draws(5), context);
  const counts = new Map<string, number>();
  for (const { truth } of [...added, ...replacing]) {
    counts.set(truth.type, (counts.get(truth.type) ?? 0) + 1);
    expect(truth.startS).toBeGreaterThanOrEqual(0);
    expect(truth.endS).toBeLessThanOrEqual(context.durationS);
    if (/blink|saccade|chewing/.test(truth.type)) expect(truth.startS).toBeLessThan(7200);
  }
  for (const type of ['muscle', 'chewing', 'movement', 'sweat', 'electrode-pop', 'saturation', 'lead-off'])
    expect(counts.get(type) ?? 0).toBeGreaterThan(0);
  // 500 an hour for two hours; the standard error is 32.
  expect(Math.abs(counts.get('blink')! - 1000)).toBeLessThan(130);
});

test('a blink is largest over the eyes, of one sign there, and over within half a second', () => {
  const { added } = drawArtefacts(new Draws(5), context);
  const blink = added.find(({ truth }) => truth.type === 'blink')!.component;
  const block = makeBlock(RATE, RATE);
  block.start = Math.floor(blink.startS * RATE) - 10;
  blink.add(block);
  const peaks = block.electrodes.map((potential) => Math.max(...potential.map(Math.abs)));
  const loudest = ELECTRODES[peaks.indexOf(Math.max(...peaks))]!;
  expect(loudest).toMatch(/^Fp[12]$/);
  expect(Math.max(...peaks)).toBeGreaterThan(45);
  expect(peaks[ELECTRODES.indexOf('O1')]!).toBeLessThan(0.2 * Math.max(...peaks));
  expect(Math.min(...block.electrodes[ELECTRODES.indexOf('Fp1')]!)).toBeGreaterThanOrEqual(0);
  expect(blink.endS - blink.startS).toBeLessThan(0.5);
});

test('an electrode whose lead is off records nothing of the head', () => {
  const { replacing } = drawArtefacts(new Draws(5), context);
  const { component, truth } = replacing[0]!;
  const block = makeBlock(RATE, RATE);
  block.start = Math.ceil(component.startS * RATE);
  for (const potential of block.electrodes) potential.fill(1e6);
  component.add(block);
  block.electrodes.forEach((potential, electrode) => {
    const isOff = ELECTRODES[electrode] === truth.detail.electrode;
    expect(potential.every((value) => (isOff ? Math.abs(value) < 1e4 : value === 1e6))).toBe(true);
  });
});

test('mains of the patient’s frequency with harmonics below half the rate only; offsets within 3 mV', () => {
  const loud = { ...patient, mainsHz: 60, mainsUv: 100, electrodeNoiseUv: 0.001, hasOffsets: true };
  const electronics = new Electronics(loud, new Draws(3));
  const block = makeBlock(RATE, RATE);
  electronics.add(block);
  const x = block.electrodes[0]!;
  const amplitude = (hz: number) => {
    let [cosine, sine] = [0, 0];
    x.forEach((value, t) => {
      cosine += (2 / RATE) * value * Math.cos((2 * Math.PI * hz * t) / RATE);
      sine += (2 / RATE) * value * Math.sin((2 * Math.PI * hz * t) / RATE);
    });
    return Math.hypot(cosine, sine);
  };
  for (const other of [50, 70, 90, 110]) expect(amplitude(60)).toBeGreaterThan(10 * amplitude(other));
  expect(amplitude(120)).toBeGreaterThan(3 * amplitude(110));
  const offsets = block.electrodes.map(
    (potential) => potential.reduce((sum, value) => sum + value, 0) / RATE,
  );
  expect(Math.max(...offsets.map(Math.abs))).toBeLessThan(3100);
  expect(Math.max(...offsets.map(Math.abs))).toBeGreaterThan(1000);
});

test('the heart beats at its rate, the same in any second that is asked for next', () => {
  const heart = new Heart({ ...patient, heartHz: 1.2 }, new Draws(4));
  const block = makeBlock(RATE, RATE);
  const into = new Float64Array(RATE);
  let beats = 0;
  let isUp = false;
  for (let second = 0; second < 300; second++) {
    block.start = second * RATE;
    heart.add(block, into);
    for (const value of into) {
      if (value > 500 && !isUp) beats++;
      isUp = value > 500;
    }
  }
  // 1.2 a second for 300 s; breathing and chance move the mean by some percent.
  expect(Math.abs(beats / 360 - 1)).toBeLessThan(0.05);
});
