import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { openEdf } from '../edf/index.ts';
import { BANDS, Welch } from '../score/index.ts';
import { preprocess } from '../signal/index.ts';
import { measureGate } from './gate/gate.ts';
import { made, type Truth, truthsBelow } from './testing/corpus.ts';

/** One corpus of 15 patients, looked at as a user would: from its files. */
const folder = mkdtempSync(join(tmpdir(), 'bgb-rendered-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Looked {
  readonly truth: Truth;
  /** Root mean square of a stretch, mean over channels, microvolts from 0.5 to 70 Hz. */
  readonly rms: (startS: number, endS: number) => number;
  /** Power by band, mean over channels. */
  readonly bands: (startS: number, endS: number) => number[];
  /** Median of the 4 s in which nothing happens. */
  readonly backgroundRms: number;
}
let looked: Looked[];

beforeAll(async () => {
  await made(folder, { patients: 15, hours: 3, seed: 112, jobs: 2 });
  const truths = await truthsBelow(folder);
  looked = [];
  for (const truth of truths)
    if (truth.events.some(({ kind }) => kind === 'seizure')) looked.push(await look(truth));
}, 300_000);

const RATE = 256;

async function look(truth: Truth): Promise<Looked> {
  const { use_mne: _, ...defaults } = configSchema.parse({}).preprocessing;
  const { signal, scale, channels } = await preprocess(await openEdf(join(folder, `${truth.path}.edf`)), {
    ...defaults,
    sampling_rate: RATE,
    bandpass: [0.5, 70],
    normalize: 'none',
  });
  const count = channels.length;
  const stretch = (startS: number, endS: number, channel: number) => {
    const first = Math.floor(startS * RATE);
    return Float64Array.from(
      { length: Math.floor(endS * RATE) - first },
      (_, row) => signal[(first + row) * count + channel]! * scale,
    );
  };
  const rms = (startS: number, endS: number) => {
    let sum = 0;
    for (let channel = 0; channel < count; channel++) {
      const x = stretch(startS, endS, channel);
      sum += Math.sqrt(x.reduce((total, value) => total + value ** 2, 0) / x.length) / count;
    }
    return sum;
  };
  const welch = new Welch(RATE, 2 * RATE);
  const bands = (startS: number, endS: number) => {
    const powers = [0, 0, 0, 0, 0];
    for (let channel = 0; channel < count; channel++) {
      const density = welch.density(stretch(startS, endS, channel));
      Object.values(BANDS).forEach(([low, high], band) => {
        density.forEach((value, k) => {
          const hz = welch.frequencies[k]!;
          if (hz >= low && hz < high) powers[band]! += value;
        });
      });
    }
    return powers;
  };
  const planned = truth.events.filter(({ kind }) => kind !== 'artefact');
  const quiet: number[] = [];
  for (let at = 0; at + 4 <= truth.duration_s; at += 4)
    if (!planned.some(({ start_s, end_s }) => start_s < at + 4 && end_s > at)) quiet.push(rms(at, at + 4));
  quiet.sort((a, b) => a - b);
  return { truth, rms, bands, backgroundRms: quiet[quiet.length >> 1]! };
}

/** Artefacts that are louder than any seizure, wherever they happen. */
const LOUD = new Set(['saturation', 'movement', 'lead-off', 'electrode-pop', 'chewing']);

test('three seizures of ten or more never exceed 1.5 times the background, and begin below it', () => {
  let [seizures, below, hidden] = [0, 0, 0];
  for (const { truth, rms, backgroundRms } of looked)
    for (const { kind, start_s, end_s } of truth.events) {
      if (kind !== 'seizure') continue;
      seizures++;
      let most = 0;
      for (let at = start_s; at + 4 <= end_s; at += 2) most = Math.max(most, rms(at, at + 4) / backgroundRms);
      if (most <= 1.5) below++;
      if (rms(start_s, start_s + 2) < 1.3 * backgroundRms) hidden++;
    }
  expect(seizures).toBeGreaterThanOrEqual(10);
  expect(below / seizures).toBeGreaterThanOrEqual(0.3);
  // The background itself is louder than that in some seconds, and artefacts are.
  expect(hidden / seizures).toBeGreaterThan(0.75);
});

test('a twin has its seizure’s length, amplitude and strongest band', () => {
  let [pairs, sameLoudness, sameBand] = [0, 0, 0];
  for (const { truth, rms, bands } of looked) {
    const isClean = ({ start_s, end_s }: Truth['events'][number]) =>
      !truth.events.some(
        (other) => LOUD.has(other.type) && other.start_s < end_s + 1 && other.end_s > start_s - 1,
      );
    const twins = truth.events.filter(({ type }) => type === 'twin');
    for (const seizure of truth.events.filter(({ kind }) => kind === 'seizure')) {
      const lengthOf = ({ start_s, end_s }: Truth['events'][number]) => end_s - start_s;
      const twin = twins.find((each) => Math.abs(lengthOf(each) - lengthOf(seizure)) < 2e-4)!;
      if (!isClean(seizure) || !isClean(twin) || seizure.has_muscles === true) continue;
      pairs++;
      const ratio = rms(twin.start_s, twin.end_s) / rms(seizure.start_s, seizure.end_s);
      if (ratio > 0.75 && ratio < 1.34) sameLoudness++;
      const strongest = (powers: number[]) => powers.indexOf(Math.max(...powers));
      if (strongest(bands(twin.start_s, twin.end_s)) === strongest(bands(seizure.start_s, seizure.end_s)))
        sameBand++;
    }
  }
  expect(pairs).toBeGreaterThanOrEqual(6);
  expect(sameLoudness / pairs).toBeGreaterThanOrEqual(0.85);
  expect(sameBand / pairs).toBeGreaterThanOrEqual(0.85);
});

test('band powers as in real EEG: medians of the CHB-MIT clips before their seizures', async () => {
  const { use_mne: _, ...defaults } = configSchema.parse({}).preprocessing;
  const settings = { ...defaults, sampling_rate: RATE, montage: 'double-banana', normalize: 'none' } as const;
  const welch = new Welch(RATE, 2 * RATE);
  /** Median over channels and stretches of 10 s, by band. */
  const medians = async (stretches: readonly { path: string; startsS: readonly number[] }[]) => {
    const powers: number[][] = Object.keys(BANDS).map(() => []);
    for (const { path, startsS } of stretches) {
      const { signal, scale, channels } = await preprocess(await openEdf(path), settings);
      for (const startS of startsS)
        for (let channel = 0; channel < channels.length; channel++) {
          const x = Float64Array.from(
            { length: 10 * RATE },
            (_, row) => signal[(startS * RATE + row) * channels.length + channel]! * scale,
          );
          const density = welch.density(x);
          Object.values(BANDS).forEach(([low, high], band) => {
            const inBand = density.filter(
              (_, k) => welch.frequencies[k]! >= low && welch.frequencies[k]! < high,
            );
            powers[band]!.push(inBand.reduce((sum, value) => sum + value, 0) * welch.frequencies[1]!);
          });
        }
    }
    return powers.map((values) => values.sort((a, b) => a - b)[values.length >> 1]!);
  };
  const sample = fileURLToPath(new URL('../../data/sample', import.meta.url));
  const clips = globSync('chb*/*.edf', { cwd: sample });
  expect(clips.length).toBe(17);
  const real = await medians(clips.map((clip) => ({ path: join(sample, clip), startsS: [0] })));
  const truths = await truthsBelow(folder);
  const synthetic = await medians(
    truths.map((truth) => {
      const planned = truth.events.filter(({ kind }) => kind !== 'artefact');
      const startsS = Array.from(
        { length: Math.floor(truth.duration_s / 90) },
        (_, index) => 90 * index,
      ).filter((at) => !planned.some(({ start_s, end_s }) => start_s < at + 10 && end_s > at));
      return { path: join(folder, `${truth.path}.edf`), startsS };
    }),
  );
  // Children's EEG is larger than adults'; each band is within a factor of three, its share of the whole of 2.2.
  const [all, allReal] = [synthetic, real].map((powers) => powers.reduce((sum, power) => sum + power, 0)) as [
    number,
    number,
  ];
  synthetic.forEach((power, band) => {
    expect(Math.abs(Math.log(power / real[band]!))).toBeLessThan(Math.log(3));
    expect(Math.abs(Math.log(power / all / (real[band]! / allReal)))).toBeLessThan(Math.log(2.2));
  });
});

test('the gate: amplitude and spectrum do not find seizures, evolution does', async () => {
  const report = await measureGate(folder, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  expect(report.problems).toEqual([]);
  expect(report.patients).toBeGreaterThanOrEqual(12);
  expect(report.evolutionAgainstNegatives.value).toBeGreaterThan(0.85);
});
