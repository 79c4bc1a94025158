import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../cache/index.ts';
import type { EvaluationDocument, Excerpt } from '../score/index.ts';
import { chosenEvents } from './drawn-events.ts';
import { documentOf, falseAlarmOf, missedOf } from './testing/document.ts';
import { elementsOf } from './testing/elements.ts';
import { writeReport } from './write-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const RATE = 256;
async function excerptOf(stem: string): Promise<Excerpt> {
  const excerpt = { eeg: `excerpts/${stem}.eeg.npy`, probability: `excerpts/${stem}.probability.npy` };
  const samples = 50 * RATE;
  const eeg = Int16Array.from({ length: samples * 3 }, (_, index) => 80 * Math.sin(index / 40));
  await writeNpy(join(folder, excerpt.eeg), eeg, [samples, 3]);
  await writeNpy(join(folder, excerpt.probability), new Float32Array(samples).fill(0.4));
  return { ...excerpt, start_s: 100, sample_rate_hz: RATE, scale: 0.5 };
}

async function reportOf(document: EvaluationDocument): Promise<string> {
  await writeReport(document, folder);
  return readFileSync(join(folder, 'report.html'), 'utf8');
}

test('a page with its plots, and each plot as a file', async () => {
  const document = documentOf({
    missed_seizures: [missedOf({ excerpt: await excerptOf('missed-0001') }), missedOf()],
    false_alarms: [falseAlarmOf({ excerpt: await excerptOf('false-alarm-0001') })],
  });
  const files = await writeReport(document, folder);
  expect(files).toEqual([
    'report.html',
    'plots/operating-curve.svg',
    'plots/calibration.svg',
    'plots/sensitivity-by-type.svg',
    'plots/sensitivity-by-duration.svg',
    'plots/detection-delay.svg',
    'plots/missed-seizure-01.svg',
    'plots/false-alarm-01.svg',
  ]);
  expect(readdirSync(join(folder, 'plots'))).toHaveLength(7);
  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  const page = elementsOf(html.replace('<!DOCTYPE html>', ''));
  expect(page.filter(({ name }) => name === 'svg')).toHaveLength(7);
  expect(html).toContain('1 of 2 are drawn');
  expect(html).toContain('All 1 are drawn');
  expect(html).toContain('0:02:00 to 0:02:30 (30.0 s), fnsz, highest probability 0.43');
  // Value, interval and how it was made.
  expect(html).toContain(
    '<td class="number">0.600</td><td class="number">0.400 to 0.800</td><td class="text">bootstrap over patients</td>',
  );
});

test('figures are named in words', async () => {
  const figure = { value: 0.25, reason: null, interval: null };
  const html = await reportOf(documentOf({ figures: { share_of_recorded_time_detected: figure } }));
  expect(html).toContain('>Share of the recorded time in detections</td>');
});

test('events of an evaluation before this one in the folder go, other files stay', async () => {
  const older = join(folder, 'plots/false-alarm-09.svg');
  const other = join(folder, 'plots/mine.svg');
  for (const path of [older, other]) writeFileSync(path, '<svg/>');
  await reportOf(documentOf());
  expect(readdirSync(join(folder, 'plots'))).toContain('mine.svg');
  expect(readdirSync(join(folder, 'plots'))).not.toContain('false-alarm-09.svg');
  rmSync(other);
});

test('it needs nothing else: no script, no address but the name of SVG', async () => {
  const html = await reportOf(documentOf());
  expect(html).not.toMatch(/<(script|link|img|iframe|object|embed)|\son[a-z]+=|@import|url\(/i);
  expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|\/\//);
});

describe('the title says what has to be known', () => {
  const tunedOn = {
    set: 'dev of TUSZ',
    data_hash: 'x',
    recordings: 40,
    patients: 2,
    seizures: 20,
    seizure_free_hours: 47,
    target_fa_per_24h: 10,
    fa_per_24h: 9,
    sensitivity: 0.7,
  };
  const tuned = (shared: EvaluationDocument['thresholds']['shared']) => ({
    thresholds: { state: 'tuned' as const, tau_on: 0.7, tau_off: 0.62, tuned_on: tunedOn, shared },
  });
  test.each<[string, Partial<EvaluationDocument>, string, string | null]>([
    ['untuned', {}, '(untuned)', 'Thresholds untuned'],
    [
      'tuned elsewhere',
      tuned({ is_same_set: false, recordings: 0, patients: [] }),
      '',
      'Thresholds tuned on dev of TUSZ',
    ],
    [
      'tuned here',
      tuned({ is_same_set: true, recordings: 40, patients: ['a', 'b'] }),
      '(tuned on this set)',
      'figures flatter',
    ],
    [
      'tuned on some of it',
      tuned({ is_same_set: false, recordings: 3, patients: ['a'] }),
      '(tuned on 3 of these recordings)',
      '1 of these patients',
    ],
    ['trained on', { seen_in_training: 'train' }, '(trained on this set; untuned)', 'Trained on this set'],
  ])('%s', async (_, more, remark, badge) => {
    const html = await reportOf(documentOf(more));
    expect(/<h1>(.*?)<\/h1>/.exec(html)![1]).toBe(
      `Seizure detector: evaluation${remark === '' ? '' : ` ${remark}`}`,
    );
    expect(html).toContain(badge);
  });
});

test('strings from data are text, wherever they stand', async () => {
  const bad = `<img src=x onerror=alert(1)>"'&`;
  const excerpt = await excerptOf('missed-0002');
  const html = await reportOf(
    documentOf({
      title: bad,
      checkpoint: bad,
      data: bad,
      code_version: bad,
      left_out: [bad],
      tuned_on: bad,
      channels: [bad, bad, bad],
      references: { trained_on: [bad], found: [bad], mismatched: 1 },
      preprocessing_uses_future: [bad],
      figures: { [bad]: { value: null, reason: bad, interval: null } },
      sensitivity_by_type: [{ group: bad, seizures: 1, detected: 0, value: 0, reason: null, interval: null }],
      per_patient: [{ ...documentOf().per_patient[0]!, patient: bad }],
      missed_seizures: [missedOf({ recording: bad, patient: bad, type: bad, excerpt })],
    }),
  );
  expect(html).not.toContain('<img');
  elementsOf(html.replace('<!DOCTYPE html>', ''));
  const plots = readdirSync(join(folder, 'plots')).map((name) =>
    readFileSync(join(folder, 'plots', name), 'utf8'),
  );
  for (const plot of plots) expect(plot).not.toContain('<img');
});

test('however much there is, the page stays small', async () => {
  const excerpt = await excerptOf('false-alarm-0002');
  const many = <Item>(count: number, of: (index: number) => Item) =>
    Array.from({ length: count }, (_, index) => of(index));
  const html = await reportOf(
    documentOf({
      false_alarms: many(100_000, (index) =>
        falseAlarmOf({ patient: `p${index % 50}`, excerpt: index < 40 ? excerpt : null }),
      ),
      missed_seizures: many(10_000, () => missedOf()),
      per_patient: many(5000, (index) => ({
        ...documentOf().per_patient[0]!,
        patient: 'x'.repeat(1000) + index,
      })),
      left_out: many(20_000, () => 'y'.repeat(1000)),
      sensitivity_by_type: many(500, (index) => ({
        ...documentOf().sensitivity_by_type[0]!,
        group: `type ${index}`,
      })),
    }),
  );
  expect(html.length).toBeLessThan(1.5e6);
  expect(html).toContain('10 of 100000 are drawn');
  expect(html).toContain('And 4800 more');
  expect(html).toContain('And 19950 more');
});

test('events are drawn from as many patients as there are', () => {
  const excerpt = { eeg: '', probability: '', start_s: 0, sample_rate_hz: 1, scale: 1 };
  const events = [
    ...Array.from({ length: 30 }, (_, index) => falseAlarmOf({ patient: 'a', start_s: index, excerpt })),
    falseAlarmOf({ patient: 'b', start_s: 100, excerpt }),
    falseAlarmOf({ patient: 'c', start_s: 200, excerpt: null }),
    falseAlarmOf({ patient: 'd', start_s: 300, excerpt }),
  ];
  const chosen = chosenEvents(events);
  expect(chosen.map(({ patient, start_s }) => `${patient}${start_s}`)).toEqual([
    'a0',
    'a1',
    'a2',
    'a3',
    'a4',
    'a5',
    'a6',
    'a7',
    'b100',
    'd300',
  ]);
});

test('an excerpt that is not whole is an error that names it, and no page is written', async () => {
  const excerpt = await excerptOf('missed-0003');
  truncateSync(join(folder, excerpt.eeg), 5000);
  rmSync(join(folder, 'report.html'));
  await expect(writeReport(documentOf({ missed_seizures: [missedOf({ excerpt })] }), folder)).rejects.toThrow(
    /missed-0003\.eeg\.npy: expected an array of <i2/,
  );
  expect(readdirSync(folder)).not.toContain('report.html');
});
