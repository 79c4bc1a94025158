import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EvolutionMeter } from './evolution.ts';
import { gateOf, measureGate } from './gate.ts';
import type { MeasuredRecording } from './measure-recording.ts';
import { FEATURE_NAMES, WindowMeter } from './window-features.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-gate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const watching = { signal: new AbortController().signal, onProgress: () => undefined };

/** A chirp or a steady rhythm between 40 and 80 s of two minutes of noise, as `(row) => value`. */
function rhythm(fromHz: number, toHz: number, amplitude: number): EvolutionMeter {
  const rate = 256;
  const channels = 5;
  let phase = 0;
  let state = 1;
  const samples = Array.from({ length: channels }, () => new Float64Array(120 * rate));
  for (let row = 0; row < 120 * rate; row++) {
    const share = (row / rate - 40) / 40;
    const isOn = share >= 0 && share < 1;
    if (isOn) phase += (2 * Math.PI * fromHz * (toHz / fromHz) ** share) / rate;
    for (const channel of samples) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      channel[row] = (state / 2 ** 32 - 0.5) * 10 + (isOn ? amplitude * Math.sin(phase) : 0);
    }
  }
  return new EvolutionMeter((row, channel) => samples[channel]![row]!, { rows: 120 * rate, channels, rate });
}

describe('evolution', () => {
  test('a chirp from 10 to 3 Hz evolves, a steady rhythm and a rising one do not, however loud', () => {
    for (const amplitude of [3, 300]) {
      expect(rhythm(10, 3, amplitude).score(40, 80)!).toBeGreaterThan(1);
      expect(rhythm(5, 5, amplitude).score(40, 80)!).toBeLessThan(0);
      expect(rhythm(3, 10, amplitude).score(40, 80)!).toBeLessThan(0.3);
    }
  });

  test('a stretch of fewer than four spectra has none', () => {
    const meter = rhythm(10, 3, 3);
    expect(meter.score(10, 13.4)).toBeNull();
    expect(meter.score(10, 13.6)).not.toBeNull();
  });
});

test('thirty features, by hand: a sine of 10 Hz and 2 microvolts', () => {
  const measures = new WindowMeter(2560, 2, 256).measure(
    (row) => 2 * Math.sin((2 * Math.PI * 10 * row) / 256),
  );
  expect(FEATURE_NAMES).toHaveLength(30);
  expect(measures.features).toHaveLength(30);
  expect(measures.rms).toBeCloseTo(Math.SQRT2, 6);
  // 10 periods a second of 4 times the amplitude each, but for samples that miss the peak.
  expect(measures.lineLength).toBeGreaterThan(0.99 * 800);
  expect(measures.lineLength).toBeLessThan(800);
  // All 2 microvolts squared of it are in alpha.
  expect(measures.bandPowers[2]).toBeCloseTo(2, 2);
  expect(measures.relativePowers[2]).toBeGreaterThan(0.999);
  expect(measures.features[FEATURE_NAMES.indexOf('zero crossings')]).toBeCloseTo(20 / 256, 3);
});

describe('the gate', () => {
  /** 20 patients of half an hour each; in the seizures of every second one a feature differs. */
  const recordings = (rmsInSeizure: number, featureInSeizure: number): MeasuredRecording[] =>
    Array.from({ length: 20 }, (_, patient) => {
      const labels = Uint8Array.from({ length: 180 }, (_, index) =>
        patient % 2 === 0 && index % 60 >= 55 ? 1 : 0,
      );
      const noise = (index: number) =>
        Math.abs(Math.sin(1 + 12.9898 * (index + 180 * patient)) * 43758.5453) % 1;
      return {
        name: `${patient}`,
        patient: `${patient}`,
        labels,
        windows: Array.from(labels, (label, index) => ({
          rms: 1 + noise(index) + label * rmsInSeizure,
          lineLength: 1 + noise(index + 0.1),
          bandPowers: Float64Array.from({ length: 5 }, (_, band) => 1 + noise(index + band / 7)),
          relativePowers: Float64Array.from({ length: 5 }, (_, band) => 1 + noise(index + band / 9)),
          features: Float64Array.of(noise(index + 0.3) + label * featureInSeizure, noise(index + 0.4)),
        })),
        seizures:
          patient % 2 === 0
            ? [0, 1, 2].map((each) => ({ startS: 600 * each + 550, endS: 600 * each + 600 }))
            : [],
        events: [
          { kind: 'seizure', type: 'fnsz', evolution: 1 + noise(1) },
          { kind: 'negative', type: 'twin', evolution: noise(2) - 0.5 },
        ],
      };
    });

  test('passes where nothing tells the classes apart', () => {
    const report = gateOf(recordings(0, 0));
    expect(report.problems).toEqual([]);
    expect(report.hours).toBeCloseTo(10, 9);
    expect(report.seizures).toBe(30);
    expect(report.evolutionAgainstTwins.value).toBe(1);
  });

  test('names what is too easy: amplitude, through all gains', () => {
    const { problems } = gateOf(recordings(30, 0));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^RMS alone has an AUROC of [01]\.\d+, above 0\.8/);
  });

  test('names a regression that finds too many', () => {
    const { problems, regression } = gateOf(recordings(0, 5));
    expect(regression.sensitivity.value).toBe(1);
    expect(problems).toEqual([expect.stringMatching(/the regression finds 100 % of the seizures/)]);
  });

  test('what is no corpus is refused', async () => {
    await expect(measureGate(join(folder, 'nowhere'), watching)).rejects.toMatchObject({
      code: 'SYNTH_CORPUS',
    });
    await mkdir(join(folder, 'hostile'), { recursive: true });
    for (const path of ['../corpus/x', '/etc/passwd'])
      for (const text of [
        JSON.stringify({ format: 'bgb-synth-corpus', recordings: [{ path }] }),
        '{',
        '[]',
      ]) {
        await writeFile(join(folder, 'hostile/corpus.json'), text);
        await expect(measureGate(join(folder, 'hostile'), watching)).rejects.toMatchObject({
          code: 'SYNTH_CORPUS',
        });
      }
  });
});
