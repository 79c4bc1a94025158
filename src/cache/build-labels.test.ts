/** From annotation files to an entry's labels, on a real recording of 37 s (256 Hz) with files of our own beside it. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { LabelMap } from '../annotations/index.ts';
import { buildEntry, entryPath } from './build.ts';
import { buildCache } from './build-cache.ts';
import { Entry } from './entry.ts';
import { scoredLabels } from './label-mask.ts';
import { scanSplit } from './scan.ts';
import { TEST_SETTINGS } from './testing/settings.ts';

const CLIP = fileURLToPath(new URL('../../data/sample/chb01/chb01_04_clip.edf', import.meta.url));
const RATE = 256;
const LENGTH_S = 37;

const root = mkdtempSync(join(tmpdir(), 'bgb-labels-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
let dataDir: string;
let cacheDir: string;
beforeEach(() => {
  dataDir = join(root, `data-${++count}`);
  cacheDir = join(root, `cache-${count}`);
  mkdirSync(dataDir);
  copyFileSync(CLIP, join(dataDir, 'chb01_04.edf'));
});

const RECORDING = 'chb01_04.edf';
const COLUMNS = 'channel,start_time,stop_time,label,confidence';
const term = (...rows: string[]) =>
  `# duration = 37 secs\n${COLUMNS}\n${rows.map((row) => `TERM,${row},1\n`).join('')}`;
const events = (...rows: string[]) => `onset\tduration\teventType\n${rows.join('\n')}\n`;
const put = (extension: string, text: string) => writeFileSync(join(dataDir, `chb01_04${extension}`), text);
const build = (labels: LabelMap = {}) =>
  buildEntry({
    dataDir,
    name: RECORDING,
    entry: RECORDING,
    patient: 'chb01',
    cacheDir,
    settings: TEST_SETTINGS,
    labels,
  });

async function built(labels: LabelMap = {}) {
  const result = await build(labels);
  if (!('provenance' in result)) throw new Error(JSON.stringify(result));
  using entry = new Entry(entryPath({ cacheDir, entry: RECORDING }));
  const mask = new Uint8Array(entry.rows);
  entry.readLabels(0, mask);
  // The clip has two signals T8-P8, which is said of the montage.
  const notices = entry.provenance.notices.filter((notice) => !notice.includes('T8-P8'));
  return { result, mask, provenance: { ...entry.provenance, notices } };
}
/** Seconds with a value in a mask, as `[from, to]`. */
function stretches(mask: Uint8Array, value: number): number[][] {
  const found: number[][] = [];
  mask.forEach((label, row) => {
    if (label !== value) return;
    if (row > 0 && mask[row - 1] === value) found.at(-1)![1] = (row + 1) / RATE;
    else found.push([row / RATE, (row + 1) / RATE]);
  });
  return found;
}

test('A1: seizure seconds of the annotation that were recorded are those of the entry; the rest is listed', async () => {
  put('.csv_bi', term('5,8.5,seiz', '30,45,seiz', '50,60,seiz'));
  const { mask, provenance } = await built();
  expect(stretches(mask, 1)).toEqual([
    [5, 8.5],
    [30, LENGTH_S],
  ]);
  expect(provenance).toMatchObject({
    seizures: 2,
    seizure_s_by_label: { seiz: 10.5 },
    events_lost: { clipped: 1, outside: 1 },
  });
  expect(provenance.notices).toEqual([
    'seiz 30-45 s: 7 s of it were recorded',
    'seiz 50-60 s: outside the recording (0-37 s); the event is rejected',
  ]);
});

test('A1: a line that cannot be read rejects the recording by name', async () => {
  put('.csv_bi', term('5,8.5,seiz').replace('TERM,5,8.5', 'TERM,5'));
  expect(await build()).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringMatching(/chb01_04\.csv_bi:3: expected 5 values .* found 4/),
  });
});

test('A2: an unknown label rejects the recording, unless data.labels says what it is', async () => {
  put('.csv_bi', term('5,8,artf', '10,12,sezi', '20,24,seiz'));
  expect(await build()).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringMatching(/chb01_04\.csv_bi:3: the label 'artf' is not known/),
  });
  expect(await build({ artf: 'excluded' })).toMatchObject({
    reason: expect.stringMatching(/:4: the label 'sezi' is not known/),
  });
  const { mask, provenance } = await built({ artf: 'excluded', sezi: 'seizure' });
  expect(stretches(mask, 2)).toEqual([[5, 8]]);
  expect(stretches(mask, 1)).toEqual([
    [10, 12],
    [20, 24],
  ]);
  expect(provenance).toMatchObject({
    seizure_s_by_label: { sezi: 2, seiz: 4 },
    excluded_s_by_label: { artf: 3 },
    label_map: { artf: 'excluded', sezi: 'seizure' },
  });
});

test('A4: the mask has exactly the length of the signal', async () => {
  put('_events.tsv', events('36.9\t100\tsz', '0\t0.001\timpd'));
  const { mask } = await built();
  expect(mask).toHaveLength(LENGTH_S * RATE);
  // 36.9 s is sample 9446.4.
  expect(stretches(mask, 1)).toEqual([[9446 / RATE, LENGTH_S]]);
});

test('A5: no annotation is not "no seizure": left out and listed', async () => {
  expect(await build()).toMatchObject({
    outcome: 'unlabelled',
    reason: expect.stringMatching(/no annotation/),
  });
});

test('A6: what a shorter annotation does not cover is neither; one that is far off rejects the recording', async () => {
  put('.csv_bi', term('0,34,bckg').replace('37 secs', '34 secs'));
  const { mask, provenance } = await built();
  expect(stretches(mask, 2)).toEqual([[34, 37]]);
  expect(provenance.notices).toEqual(['the annotation is of 34 s, the recording has 37 s']);
  put('.csv_bi', term('0,20,bckg').replace('37 secs', '20 secs'));
  expect(await build()).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/20 s.*37 s/) });
});

test('A7: both TUSZ files are in the provenance and in the key; a change of either rebuilds', async () => {
  put('.csv_bi', term('10,20,seiz'));
  put('.csv', `${COLUMNS}\nFP1-F7,10,20,fnsz,1\n`);
  const first = await built();
  expect(first.provenance.annotations).toMatchObject([
    { name: 'chb01_04.csv_bi', format: 'tusz-csv_bi', role: 'seizures' },
    { name: 'chb01_04.csv', format: 'tusz-csv', role: 'types' },
  ]);
  expect(first.provenance.seizure_s_by_label).toEqual({ fnsz: 10 });
  expect((await built()).result.outcome).toBe('kept');
  put('.csv', `${COLUMNS}\nFP1-F7,10,18,gnsz,1\n`);
  const second = await built();
  expect(second.result.outcome).toBe('rebuilt');
  expect(second.provenance.seizure_s_by_label).toEqual({ gnsz: 8, seiz: 2 });
  expect(second.provenance.notices.at(-1)).toMatch(
    /disagree over 2 s of seizure: 2 s only in chb01_04\.csv_bi \(18-20 s\)/,
  );
  put('.csv_bi', term('10,18,seiz'));
  expect((await built()).result.outcome).toBe('rebuilt');
  rmSync(join(dataDir, 'chb01_04.csv'));
  expect((await built()).result.outcome).toBe('rebuilt');
});

test('A8: what labels mean is in the key: another data.labels rebuilds, the same in other words does not', async () => {
  put('.csv_bi', term('5,8,artf', '20,24,seiz'));
  await built({ artf: 'excluded' });
  expect((await built({ ARTF: 'excluded' })).result.outcome).toBe('kept');
  const { result, mask } = await built({ artf: 'background' });
  expect([result.outcome, stretches(mask, 2)]).toEqual(['rebuilt', []]);
  expect((await built({ artf: 'background', other: 'seizure' })).result.outcome).toBe('rebuilt');
});

test('nesz is excluded and counted, impd is not trained on and is background where it is scored', async () => {
  put('_events.tsv', events('2\t3\tnesz', '4\t6\timpd', '9\t2\tsz_foc_ia', '30\t4\timpd'));
  const { mask, provenance } = await built();
  expect(stretches(mask, 2)).toEqual([
    [2, 9],
    [30, 34],
  ]);
  expect(stretches(mask, 1)).toEqual([[9, 11]]);
  expect(provenance.excluded_s_by_label).toEqual({ nesz: 3, impd: 9 });
  expect(provenance.events_lost).toEqual({});
  // Only nesz, 2-5 s, is left out of scoring.
  expect(provenance.scored_as_background).toEqual([
    [5 * RATE, 4 * RATE],
    [30 * RATE, 4 * RATE],
  ]);
  const scored = scoredLabels(mask, provenance.scored_as_background);
  expect([stretches(scored, 2), stretches(scored, 1)]).toEqual([[[2, 5]], [[9, 11]]]);
});

describe('a whole build', () => {
  const options = (labels: LabelMap) => ({
    dataDir,
    cacheDir,
    split: 'train' as const,
    validationSplit: 0,
    seed: 1,
    settings: TEST_SETTINGS,
    labels,
    limitFiles: null,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });

  test('counts by label what is not trained on, and events that are not whole; so does the manifest', async () => {
    put('_events.tsv', events('2\t3\tnesz', '30\t4\timpd', '36\t9\tsz', '90\t9\tsz'));
    const [census] = await buildCache(options({}));
    expect(census).toMatchObject({
      seizureSecondsByLabel: { sz: 1 },
      excludedSecondsByLabel: { nesz: 3, impd: 4 },
      eventsLost: { clipped: 1, outside: 1 },
    });
    const { manifest } = await scanSplit(join(cacheDir, 'train'), { length: RATE, stride: RATE });
    expect(manifest).toMatchObject({ labels: { sz: 1 }, excluded_labels: { nesz: 3, impd: 4 } });
    // 37 windows of a second: 7 are excluded as a whole, 1 is a seizure.
    expect(manifest.counts).toEqual({ partial_seizure: 0, full_seizure: 1, no_seizure: 29 });
  });

  test('data.labels that changes what a label always is stops the build before any recording', async () => {
    put('.csv_bi', term('5,8,seiz'));
    await expect(buildCache(options({ nesz: 'seizure' }))).rejects.toMatchObject({
      code: 'ANNOTATION_LABEL_MAP',
    });
  });
});
