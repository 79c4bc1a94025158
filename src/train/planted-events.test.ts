// Events planted in recordings, from windows to scores: what the failures of class G would do to them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readBgbJson, readBidsEvents, readTuszCsv } from '../annotations/index.ts';
import { configSchema } from '../config/index.ts';
import { labelledEvents, postprocessCurve, recordedSpans } from '../post/index.ts';
import { EvaluationTally, SEIZURE } from '../score/index.ts';
import type { Tensor } from '../torch/index.ts';
import { type CachedRecording, predictRecording } from './predict.ts';
import { predictionPath, writePrediction } from './prediction-file.ts';

const RATE = 10;
const folder = mkdtempSync(join(tmpdir(), 'bgb-planted-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Windows of 60 s every 10 s: six over each sample. */
const stitching = { method: 'overlap_add', window_size: 60 * RATE, stride: 10 * RATE } as const;

/** As configured for a person, but that every sample counts. */
const settingsAt = (tau_on: number) =>
  configSchema.parse({
    postprocessing: {
      hysteresis: { tau_on, tau_off: tau_on - 0.08, min_onset_samples: 1, min_offset_samples: 1 },
      morphology: { opening_kernel: 1, closing_kernel: 1 },
      duration: { min_duration_s: 0 },
      events: { tau_merge: 2 },
    },
  }).postprocessing;

/** What a recording's only channel holds is the logit of a seizure. */
const predictor = {
  forward: (signal: Tensor) => signal.select(2, 0),
  device: 'cpu',
  precision: null,
  batchSize: 4,
} as const;
const [NO, MAYBE, YES] = [-8, 1, 8];

interface Planted {
  readonly name: string;
  readonly seconds: number;
  /** Start and end in seconds, the logit there, and whether somebody annotated it as a seizure. */
  readonly parts: readonly (readonly [startS: number, endS: number, logit: number, isSeizure?: boolean])[];
  /** Rows before this second were recorded first, those behind it as much later as there is a hole. */
  readonly hole?: { readonly atS: number; readonly lengthS: number };
}

function recordingOf({ name, seconds, parts, hole }: Planted): CachedRecording & { labels: Uint8Array } {
  const rows = seconds * RATE;
  const signal = new Int16Array(rows).fill(NO);
  const labels = new Uint8Array(rows);
  for (const [startS, endS, logit, isSeizure = false] of parts) {
    signal.fill(logit, startS * RATE, endS * RATE);
    if (isSeizure) labels.fill(SEIZURE, startS * RATE, endS * RATE);
  }
  const before = hole === undefined ? rows : hole.atS * RATE;
  const segments = [{ firstRow: 0, rows: before, startSample: 0 }];
  if (hole !== undefined)
    segments.push({ firstRow: before, rows: rows - before, startSample: before + hole.lengthS * RATE });
  return { name, signal, labels, channels: 1, scale: 1, sampleRate: RATE, segments };
}

/** Seizures found in a recording by themselves. */
function found(planted: Planted, tauOn = 0.86) {
  const curve = predictRecording(predictor, recordingOf(planted), stitching);
  return postprocessCurve(curve, settingsAt(tauOn));
}

const times = (events: readonly { startS: number; endS: number }[]) =>
  events.map(({ startS, endS }) => [startS, endS]);

/** Everything that `bgb evaluate` says of recordings; each is a patient of its own. */
function evaluated(all: readonly Planted[], tauOn = 0.86) {
  const postprocessing = settingsAt(tauOn);
  const tally = new EvaluationTally({
    ...{ postprocessing, corpus: 'planted', rates: [10], prior: null, bootstrapSeed: 0 },
  });
  for (const planted of all) {
    const recording = recordingOf(planted);
    const { name, labels, segments } = recording;
    const curve = predictRecording(predictor, recording, stitching);
    tally.add({
      ...{ name, patient: name, labels, curve, excluded: [], predictions: null, probabilities: null },
      recorded: recordedSpans(segments, RATE),
      references: labelledEvents(labels, SEIZURE, segments, RATE).map((span) => ({ ...span, type: null })),
      detections: postprocessCurve(curve, postprocessing),
    });
  }
  return tally.figures();
}

test('G1: an event under six windows is one false alarm, and hours are those of the recordings', () => {
  // Six times the probability of what is only likely would be beyond any threshold.
  const parts: Planted['parts'] = [
    [1000, 1030, YES],
    [2000, 2030, MAYBE],
  ];
  const planted: Planted[] = [
    { name: 'a', seconds: 3600, parts },
    { name: 'b', seconds: 1800, parts: [] },
  ];
  expect(times(found(planted[0]!))).toEqual([[1000, 1030]]);
  const figures = evaluated(planted);
  expect(figures.recorded_hours).toBe(1.5);
  expect(figures.per_recording.map(({ false_alarms }) => false_alarms)).toEqual([1, 0]);
  expect(figures.false_alarms_per_24h.nedc_overlap_seiz).toBeCloseTo(24 / 1.5, 9);
});

test('G2, G3: what is found changes with the threshold, and the sweep finds at a threshold what that threshold finds', () => {
  // The sigmoid of 1 is 0.731.
  const planted: Planted = {
    name: 'a',
    seconds: 3600,
    parts: [
      [500, 530, YES, true],
      [1000, 1030, MAYBE],
      [2000, 2030, MAYBE],
    ],
  };
  const falseAlarms = [0.7, 0.8].map((tauOn) => evaluated([planted], tauOn).per_recording[0]!.false_alarms);
  expect(falseAlarms).toEqual([2, 0]);
  for (const [index, tauOn] of [0.7, 0.8].entries())
    for (const configured of [0.5, 0.9]) {
      const { operating_curve } = evaluated([planted], configured);
      const point = operating_curve.find(({ tau_on }) => tau_on === tauOn)!;
      expect(point).toMatchObject({ detected: 1, false_alarms: falseAlarms[index] });
    }
});

test.each([
  ['csv_bi', readTuszCsv],
  ['szcore', readBidsEvents],
  ['json', readBgbJson],
] as const)(
  'G5, G6: events of two recordings in one folder are read back as planted, each from its own file (%s)',
  async (format, read) => {
    const planted: Planted[] = [
      { name: 'sub-01/one', seconds: 600, parts: [[125, 171, YES]] },
      // 100 s recorded, a hole of 400 s, 200 s recorded.
      { name: 'sub-01/two', seconds: 300, parts: [[250, 265, YES]], hole: { atS: 100, lengthS: 400 } },
    ];
    const places = planted.map(({ name }) => join(folder, format, predictionPath(`${name}.edf`, format)));
    expect(new Set(places).size).toBe(2);
    for (const [index, each] of planted.entries()) {
      const durationS = each.seconds + (each.hole?.lengthS ?? 0);
      const content = { name: each.name, durationS, startedAt: '2005-02-03T04:05:06', events: found(each) };
      await writePrediction(places[index]!, format, content, {});
    }
    const back = await Promise.all(places.map((place) => read(place)));
    const seizures = back.map(({ events }) => times(events.filter(({ meaning }) => meaning === 'seizure')));
    expect(seizures).toEqual([[[125, 171]], [[650, 665]]]);
    expect(back.map(({ durationS }) => durationS)).toEqual([600, 700]);
  },
);

test('G7, G8: recordings are stitched by themselves: an event at an end and one at the next beginning stay two', () => {
  const planted: Planted[] = [
    { name: 'a', seconds: 600, parts: [[580, 600, YES, true]] },
    { name: 'b', seconds: 600, parts: [[0, 20, YES, true]] },
    // Shorter than a window.
    { name: 'c', seconds: 30, parts: [[0, 30, YES]] },
  ];
  expect(planted.map((each) => times(found(each)))).toEqual([[[580, 600]], [[0, 20]], [[0, 30]]]);
  const figures = evaluated(planted);
  expect(figures.per_recording).toMatchObject([
    { recording: 'a', seizures: 1, detected: 1, false_alarms: 0 },
    { recording: 'b', seizures: 1, detected: 1, false_alarms: 0 },
    { recording: 'c', seizures: 0, detected: 0, false_alarms: 1 },
  ]);
  for (const order of [
    [2, 1, 0],
    [1, 0, 2],
    [0, 2, 1],
  ])
    expect(evaluated(order.map((index) => planted[index]!))).toEqual(figures);
});

test('G12: what comes behind the last whole window is predicted, and a recording shorter than a window', () => {
  // Windows start every 10 s, so the last of them on that grid ends at 120 s.
  const tail: Planted = { name: 'a', seconds: 127, parts: [[121, 127, YES]] };
  expect(times(found(tail))).toEqual([[121, 127]]);
  expect(times(found({ name: 'b', seconds: 1, parts: [[0, 1, YES]] }))).toEqual([[0, 1]]);
});

test('G15-G18: scorers that merge or measure otherwise have names of their own', () => {
  // Two seizures 60 s apart: SzCORE takes them as one, as its rules merge what is less than 90 s apart.
  const planted: Planted = {
    name: 'a',
    seconds: 1800,
    parts: [
      [500, 530, YES, true],
      [590, 620, YES, true],
      [100, 110, YES],
    ],
    // 3,600 s from beginning to end, half of it recorded.
    hole: { atS: 1000, lengthS: 1800 },
  };
  const figures = evaluated([planted]);
  expect(figures.seizures).toBe(2);
  expect(figures.nedc.overlap.per_label.seiz.tgt).toBe(2);
  expect(figures.szcore.event.refTrue).toBe(1);
  expect([figures.recorded_hours, figures.per_recording[0]!.duration_s]).toEqual([0.5, 3600]);
  // One false alarm: in half an hour recorded, or in the hour from beginning to end.
  expect(figures.operating_curve.at(-1)!.false_alarms_per_24h).toBe(48);
  expect(figures.false_alarms_per_24h.nedc_overlap_seiz).toBeCloseTo(24, 9);
  for (const name of Object.keys(figures.false_alarms_per_24h))
    expect(name).toMatch(/_(all_recordings|mean_over_subjects|seiz|both_labels)$/);
});
