import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openEdf } from '../edf/index.ts';
import { sha256File } from '../files/index.ts';
import { findAnnotation, placeSeizures } from './index.ts';

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));

/** Seizure durations as CHB-MIT's summaries state them; every seizure starts 10 s into its clip. */
const CONTIGUOUS: Record<string, number> = {
  'chb01/chb01_03_clip.edf': 40,
  'chb01/chb01_04_clip.edf': 27,
  'chb01/chb01_15_clip.edf': 40,
  'chb01/chb01_16_clip.edf': 51,
};
const WITH_HOLE: Record<string, number> = {
  'chb01/chb01_18_clip_edfplusD.edf': 90,
  'chb01/chb01_21_clip_edfplusD.edf': 93,
  'chb01/chb01_26_clip_edfplusD.edf': 101,
  'chb02/chb02_16_clip_edfplusD.edf': 82,
  'chb02/chb02_16+_clip_edfplusD.edf': 81,
  'chb02/chb02_19_clip_edfplusD.edf': 9,
  'chb03/chb03_01_clip_edfplusD.edf': 52,
  'chb03/chb03_02_clip_edfplusD.edf': 65,
  'chb03/chb03_03_clip_edfplusD.edf': 69,
  'chb03/chb03_04_clip_edfplusD.edf': 52,
  'chb03/chb03_34_clip_edfplusD.edf': 47,
  'chb03/chb03_35_clip_edfplusD.edf': 64,
  'chb03/chb03_36_clip_edfplusD.edf': 53,
};

async function placed(name: string) {
  const recording = await openEdf(sample(name));
  const annotation = (await findAnnotation(recording))!;
  return { recording, annotation, placement: placeSeizures(annotation, recording.segments, 1 / 256) };
}

test('every file of the sample is the one that SHA256SUMS names', async () => {
  const lines = (await readFile(sample('SHA256SUMS'), 'utf8')).trim().split('\n');
  const sums = lines.map((line) => line.split('  ') as [string, string]);
  const names = sums.map(([, name]) => name).filter((name) => name.endsWith('.edf'));
  expect(names.sort()).toEqual(Object.keys({ ...CONTIGUOUS, ...WITH_HOLE }).sort());
  for (const [sum, name] of sums) expect([name, await sha256File(sample(name))]).toEqual([name, sum]);
});

test('in all: 17 seizures, 4 whole, 12 clipped, 1 not recorded; seconds as the README says', async () => {
  const all = await Promise.all(Object.keys({ ...CONTIGUOUS, ...WITH_HOLE }).map(placed));
  const seconds = (parts: readonly { startS: number; endS: number }[]) =>
    parts.reduce((sum, { startS, endS }) => sum + endS - startS, 0);
  const problems = all.flatMap(({ placement }) => placement.reports.map(({ problem }) => problem));
  expect(problems.filter((problem) => problem === 'clipped')).toHaveLength(12);
  expect(problems.filter((problem) => problem === 'not recorded')).toHaveLength(1);
  expect(problems).toHaveLength(13);
  expect(all.reduce((sum, { placement }) => sum + placement.seizureCount, 0)).toBe(16);
  // Of 158 s + 858 s that are annotated.
  expect(
    all.reduce(
      (sum, { annotation }) => sum + seconds(annotation.events.filter(({ label }) => label !== 'bckg')),
      0,
    ),
  ).toBe(1016);
  expect(all.reduce((sum, { placement }) => sum + seconds(placement.seizures), 0)).toBe(278);
  const recorded = all.flatMap(({ recording }) => recording.segments.map(({ durationS }) => durationS));
  expect(recorded.reduce((sum, durationS) => sum + durationS, 0)).toBe(458);
});

test.each(Object.entries(CONTIGUOUS))(
  '%s: 10 s before the seizure, and all its %d s',
  async (name, lengthS) => {
    const { recording, annotation, placement } = await placed(name);
    expect(recording).toMatchObject({ kind: 'EDF', durationS: 10 + lengthS, warnings: [] });
    expect(annotation).toMatchObject({ format: 'tusz-csv_bi', durationS: 10 + lengthS, notices: [] });
    expect(placement).toMatchObject({ seizureCount: 1, reports: [], notices: [] });
    expect(placement.seizures).toEqual([{ startS: 10, endS: 10 + lengthS, label: 'seiz' }]);
  },
);

test.each(Object.entries(WITH_HOLE))(
  '%s: a hole from 10 s to 20 s, a seizure of %d s',
  async (name, lengthS) => {
    const { recording, annotation, placement } = await placed(name);
    expect(recording).toMatchObject({ kind: 'EDF+D', durationS: 30, warnings: [] });
    expect(annotation).toMatchObject({ format: 'edf-plus', notices: [] });
    expect(annotation.events).toMatchObject([{ startS: 10, endS: 10 + lengthS, label: 'seizure' }]);
    const isInHole = lengthS <= 10;
    expect(isInHole).toBe(basename(name).startsWith('chb02_19'));
    expect(placement.reports.map(({ problem }) => problem)).toEqual([isInHole ? 'not recorded' : 'clipped']);
    expect(placement.seizures).toEqual(isInHole ? [] : [{ startS: 20, endS: 30, label: 'seizure' }]);
  },
);
