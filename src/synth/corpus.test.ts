import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findAnnotation, placeSeizures } from '../annotations/index.ts';
import { openEdf, readDigital } from '../edf/index.ts';
import { isTemporaryName } from '../files/index.ts';
import type { SynthReport } from './corpus.ts';
import { PROFILES } from './profile.ts';
import { outlineOf } from './recording-files.ts';
import { planRecording } from './recording-plan.ts';
import { Renderer } from './render.ts';
import { hashesBelow, made, type Truth, truthsBelow } from './testing/corpus.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-synth-'));
const one = join(folder, 'one');
let report: SynthReport;
let hashes: Record<string, string>;
let truths: Truth[];
beforeAll(async () => {
  report = await made(one);
  hashes = await hashesBelow(one);
  truths = await truthsBelow(one);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the same seed gives the same bytes', () => {
  test('for any number of jobs', async () => {
    const two = join(folder, 'two');
    await made(two, { jobs: 2 });
    expect(await hashesBelow(two)).toEqual(hashes);
  });

  test('for other hours: what is in both is equal, and a corpus grows where it is', async () => {
    const more = join(folder, 'more');
    await made(more, { hours: 0.4, jobs: 2 });
    const longer = await hashesBelow(more);
    const shared = Object.keys(hashes).filter((path) => path.includes('/'));
    expect(shared.length).toBe(4 * report.total.recordings);
    for (const path of shared) expect(longer[path]).toBe(hashes[path]);
    expect(Object.keys(longer).length).toBeGreaterThan(Object.keys(hashes).length);

    const grown = join(folder, 'grown');
    await made(grown);
    const { made: added, kept } = await made(grown, { hours: 0.4, jobs: 2 });
    expect(kept).toBe(report.total.recordings);
    expect(added).toBeGreaterThan(0);
    expect(await hashesBelow(grown)).toEqual(longer);
  });

  test('another seed gives others', async () => {
    const other = join(folder, 'other');
    await made(other, { seed: 6, hours: 0.05 });
    const values = new Set(Object.values(hashes));
    for (const hash of Object.values(await hashesBelow(other))) expect(values.has(hash)).toBe(false);
  });
});

describe('recordings', () => {
  test('EDF that reads without a warning, with the samples that were made', async () => {
    for (const [index, { path, duration_s, sampling_rate }] of truths.entries()) {
      const recording = await openEdf(join(one, `${path}.edf`));
      expect(recording.warnings).toEqual([]);
      expect(recording.kind).toBe('EDF');
      expect(recording.durationS).toBe(duration_s);
      expect(recording.signals.every(({ sampleRate }) => sampleRate === sampling_rate)).toBe(true);
      if (index > 0) continue;
      const patient = [0, 1, 2].find((each) => path.includes(outlineOf(478, 'tusz', each, 0).patient.id))!;
      const renderer = new Renderer(planRecording(478, PROFILES.tusz, outlineOf(478, 'tusz', patient, 0)));
      const signals = recording.signals.map((_, signal) => signal);
      const read = await readDigital(recording, signals, recording.segments[0]!);
      const samples = new Int16Array(signals.length * sampling_rate);
      for (let second = 0; second < 20; second++) {
        renderer.fill(second, samples);
        for (const signal of signals) {
          const from = second * sampling_rate;
          expect(Array.from(read[signal]!.subarray(from, from + sampling_rate))).toEqual(
            Array.from(samples.subarray(signal * sampling_rate, (signal + 1) * sampling_rate)),
          );
        }
      }
    }
  });

  test('annotations say what the truth says, in TUSZ’s two files without a notice', async () => {
    let seizures = 0;
    for (const { path, events } of truths) {
      const recording = await openEdf(join(one, `${path}.edf`));
      const annotation = (await findAnnotation(recording))!;
      expect(annotation.notices).toEqual([]);
      expect(annotation.sources.map(({ format }) => format)).toEqual(['tusz-csv_bi', 'tusz-csv']);
      const placement = placeSeizures(annotation, recording.segments, 1e-4);
      expect(placement.reports).toEqual([]);
      const truly = events.filter(({ kind }) => kind === 'seizure');
      expect(placement.seizures.map(({ startS, endS }) => [startS, endS])).toEqual(
        truly.map(({ start_s, end_s }) => [start_s, end_s]),
      );
      for (const [type, seconds] of Object.entries(placement.seizureSecondsByLabel))
        expect(seconds).toBeCloseTo(
          truly
            .filter((each) => each.type === type)
            .reduce((sum, { start_s, end_s }) => sum + end_s - start_s, 0),
          6,
        );
      seizures += truly.length;
    }
    expect(seizures).toBe(report.total.seizures);
    expect(seizures).toBeGreaterThan(0);
  });

  test('at least five hard negatives a seizure beside it, a twin of its length among them, none touching another', () => {
    for (const { events, duration_s } of truths) {
      const planned = events.filter(({ kind }) => kind !== 'artefact');
      const seizures = planned.filter(({ kind }) => kind === 'seizure');
      const negatives = planned.filter(({ kind }) => kind === 'negative');
      expect(negatives.length).toBeGreaterThanOrEqual(5 * seizures.length);
      const twins = negatives
        .filter(({ type }) => type === 'twin')
        .map(({ start_s, end_s }) => end_s - start_s);
      for (const { start_s, end_s } of seizures)
        expect(twins.some((seconds) => Math.abs(seconds - (end_s - start_s)) < 2e-4)).toBe(true);
      for (const [index, { start_s, end_s }] of planned.entries()) {
        expect(start_s).toBeGreaterThan(0);
        expect(end_s).toBeLessThan(duration_s);
        if (index > 0) expect(start_s).toBeGreaterThanOrEqual(planned[index - 1]!.end_s - 2e-4);
      }
    }
  });
});

describe('interrupted', () => {
  test.each([1, 2])(
    'with %i jobs: nothing half written, and a second run ends with the same bytes',
    async (jobs) => {
      const out = join(folder, `interrupted-${jobs}`);
      const controller = new AbortController();
      const running = made(out, { jobs, signal: controller.signal });
      // After the first files are there; where it is by then does not matter.
      while ((await readdir(out, { recursive: true }).catch(() => [])).length < 6)
        await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort();
      await expect(running).rejects.toThrow(/abort/i);
      const left = await hashesBelow(out);
      expect(left['corpus.json']).toBeUndefined();
      for (const [path, hash] of Object.entries(left)) {
        expect(isTemporaryName(path.split('/').at(-1)!)).toBe(false);
        expect(hash).toBe(hashes[path]);
      }
      await made(out, { jobs });
      expect(await hashesBelow(out)).toEqual(hashes);
    },
  );

  test.each(['synth.json', 'edf'])(
    'killed while it writes %s: every file is whole, and a second run ends with the same bytes',
    async (writing) => {
      const out = join(folder, `killed-${writing}`);
      const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
      const child = spawn(
        process.execPath,
        [main, 'synth', '--out', out, '--patients', '3', '--hours', '0.35', '--seed', '478', '--jobs', '2'],
        { stdio: 'ignore' },
      );
      const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      const found = () => readdir(out, { recursive: true }).catch(() => []);
      const isWriting = (path: string) =>
        isTemporaryName(path.split('/').at(-1)!) && path.includes(`${writing}.`);
      // The first is written so quickly that it may be missed; then it is killed a little later.
      for (let wait = 0; wait < 4000 && !(await found()).some(isWriting); wait++) {
        if (writing === 'synth.json' && existsSync(join(out, 'synth.json'))) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      const whole = async () =>
        Object.entries(await hashesBelow(out)).filter(([path]) => !isTemporaryName(path.split('/').at(-1)!));
      for (const [path, hash] of await whole()) expect(hash).toBe(hashes[path]);
      await made(out, { jobs: 2 });
      expect(Object.fromEntries(await whole())).toEqual(hashes);
    },
  );

  test('what was damaged since is made again', async () => {
    const out = join(folder, 'damaged');
    await made(out, { hours: 0.05 });
    const before = await hashesBelow(out);
    const edf = Object.keys(before).find((path) => path.endsWith('.edf'))!;
    await truncate(join(out, edf), 10_000);
    expect((await made(out, { hours: 0.05 })).made).toBe(1);
    await rm(join(out, edf.replace('.edf', '.csv')));
    expect((await made(out, { hours: 0.05 })).made).toBe(1);
    expect(await hashesBelow(out)).toEqual(before);
  });
});

describe('folders that hold something else are left as they are', () => {
  test('other files', async () => {
    const out = join(folder, 'foreign');
    await mkdir(out);
    writeFileSync(join(out, 'thesis.txt'), 'years of work');
    await expect(made(out)).rejects.toMatchObject({ code: 'SYNTH_FOLDER' });
    expect(await readdir(out)).toEqual(['thesis.txt']);
  });

  test('but not what a write that was killed has left', async () => {
    const out = join(folder, 'left');
    await mkdir(out);
    writeFileSync(join(out, '.synth.json.0123456789ab.tmp'), '{"form');
    expect((await made(out, { hours: 0.05 })).made).toBe(1);
  });

  test.each([{ seed: 7 }, { profile: 'emu' as const }, { patients: 4 }, { hours: 0.1 }])(
    'another corpus: %o',
    async (other) => {
      await expect(made(one, other)).rejects.toMatchObject({ code: 'SYNTH_FOLDER' });
      expect(await hashesBelow(one)).toEqual(hashes);
    },
  );

  test('a corpus that would not fit the disk is refused before a sample is made', async () => {
    const out = join(folder, 'vast');
    await expect(made(out, { hours: 900_000, patients: 2000 })).rejects.toMatchObject({
      code: 'SYNTH_SPACE',
    });
  });
});
