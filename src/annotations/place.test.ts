import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnnotatedEvent, type Annotation, labelRules, placeSeizures } from './index.ts';

const event = (startS: number, endS: number, label = 'seiz', channels: string[] | null = null) =>
  ({
    startS,
    endS,
    label,
    meaning: labelRules().meaningOf(label)!,
    channels,
    confidence: 1,
  }) satisfies AnnotatedEvent;
const annotation = (events: AnnotatedEvent[], durationS: number | null = null): Annotation => ({
  format: 'tusz-csv_bi',
  path: '/data/a.csv_bi',
  events,
  durationS,
  notices: [],
});
const contiguous = [{ startS: 0, durationS: 60 }];
/** 0-10 s and 20-30 s: a hole of 10 s. */
const holed = [
  { startS: 0, durationS: 10 },
  { startS: 20, durationS: 10 },
];
const place = (events: AnnotatedEvent[], stretches = contiguous, durationS: number | null = null) =>
  placeSeizures(annotation(events, durationS), stretches, 1 / 256);
const spans = (placed: ReturnType<typeof place>) => placed.seizures.map(({ startS, endS }) => [startS, endS]);
const problems = (placed: ReturnType<typeof place>) =>
  placed.reports.map(({ problem, message }) => `${problem}: ${message}`);

test('a seizure within the recording stays as it is; background is none', () => {
  const placed = place([event(0, 10, 'bckg'), event(10, 20, 'fnsz'), event(20, 60, 'bckg')]);
  expect(placed).toEqual({
    seizures: [{ startS: 10, endS: 20, label: 'fnsz' }],
    seizureCount: 1,
    reports: [],
    notices: [],
    seizureSecondsByLabel: { fnsz: 10 },
    unlabelled: [],
    excluded: [],
    untrained: [],
    excludedSecondsByLabel: {},
  });
});

test('what runs past the end, or starts before the start, is clipped and listed', () => {
  const placed = place([event(-5, 5), event(50, 90)]);
  expect(spans(placed)).toEqual([
    [0, 5],
    [50, 60],
  ]);
  expect(placed.seizureCount).toBe(2);
  expect(problems(placed)).toEqual([
    'clipped: seiz -5-5 s: 5 s of it were recorded',
    'clipped: seiz 50-90 s: 10 s of it were recorded',
  ]);
});

test('what is wholly outside is left out and listed', () => {
  const placed = place([event(60, 70), event(-9, -1), event(100, 110)]);
  expect(placed.seizures).toEqual([]);
  expect(placed.seizureCount).toBe(0);
  expect(problems(placed)).toEqual([
    'outside: seiz -9--1 s: outside the recording (0-60 s); the event is rejected',
    'outside: seiz 60-70 s: outside the recording (0-60 s); the event is rejected',
    'outside: seiz 100-110 s: outside the recording (0-60 s); the event is rejected',
  ]);
});

test('a hole cuts a seizure in two, and hides one that lies in it', () => {
  const cut = place([event(5, 25)], holed);
  expect(spans(cut)).toEqual([
    [5, 10],
    [20, 25],
  ]);
  expect(cut.seizureCount).toBe(1);
  expect(problems(cut)).toEqual(['clipped: seiz 5-25 s: 10 s of it were recorded']);

  const hidden = place([event(10, 19)], holed);
  expect(hidden.seizures).toEqual([]);
  expect(problems(hidden)).toEqual(['not recorded: seiz 10-19 s: none of it was recorded; left out']);
});

test('a part shorter than half a sample is no part', () => {
  expect(place([event(10 - 1e-4, 15)], holed).seizureCount).toBe(0);
  expect(place([event(10 - 1 / 256, 15)], holed).seizureCount).toBe(1);
});

test('what is lost is listed from half a sample on', () => {
  expect(place([event(50, 60 + 1 / 1024)]).reports).toEqual([]);
  expect(place([event(50, 60 + 1 / 256)]).reports).toMatchObject([{ problem: 'clipped' }]);
});

describe('overlaps', () => {
  test('are joined, with a notice; the longest label wins', () => {
    const placed = place([event(30, 50, 'gnsz'), event(10, 20), event(25, 32, 'fnsz')]);
    expect(placed.seizures).toEqual([
      { startS: 10, endS: 20, label: 'seiz' },
      { startS: 25, endS: 50, label: 'gnsz' },
    ]);
    expect(placed.seizureCount).toBe(2);
    expect(placed.notices).toEqual([
      {
        code: 'ANNOTATION_OVERLAP',
        message: 'seizures overlap and are taken as one, 25-50 s: fnsz 25-32 s, gnsz 30-50 s',
      },
    ]);
  });

  test('of rows of single channels are one seizure, without notice', () => {
    const rows = ['FP1-F7', 'F7-T3', 'T3-T5'].map((channel, index) =>
      event(10 + index, 20 + index, 'fnsz', [channel]),
    );
    const placed = place(rows);
    expect(placed.seizures).toEqual([{ startS: 10, endS: 22, label: 'fnsz' }]);
    expect(placed.seizureCount).toBe(1);
    expect(placed.notices).toEqual([]);
    expect(place(rows.map((row) => ({ ...row, endS: 70 }))).reports[0]!.event.channels).toEqual([
      'FP1-F7',
      'F7-T3',
      'T3-T5',
    ]);
  });

  test('of a term and a row of a channel are of all channels', () => {
    const placed = place([event(50, 70), event(55, 70, 'fnsz', ['FP1-F7'])]);
    expect(placed.notices).toMatchObject([{ code: 'ANNOTATION_OVERLAP' }]);
    expect(placed.reports[0]!.event.channels).toBeNull();
  });

  test('take the label that lasts longest in all, not at once', () => {
    const placed = place([event(10, 14, 'fnsz'), event(12, 18, 'gnsz'), event(16, 20, 'fnsz')]);
    expect(placed.seizures).toEqual([{ startS: 10, endS: 20, label: 'fnsz' }]);
  });

  test('take the label that lasts longest, not the one on most channels', () => {
    const placed = place([
      event(10, 20, 'fnsz', ['FP1-F7']),
      event(14, 18, 'gnsz', ['F7-T3']),
      event(14, 18, 'gnsz', ['T3-T5']),
      event(14, 18, 'gnsz', ['T5-O1']),
    ]);
    expect(placed.seizures).toEqual([{ startS: 10, endS: 20, label: 'fnsz' }]);
    expect(placed.seizureSecondsByLabel).toEqual({ fnsz: 10, gnsz: 4 });
  });

  test('seizures that touch are two', () => {
    expect(place([event(10, 20), event(20, 30)]).seizureCount).toBe(2);
  });
});

describe('what is no seizure and no background', () => {
  test('a seizure wins over nesz, nesz over impd; only what was recorded counts', () => {
    const placed = place(
      [event(0, 6, 'impd'), event(4, 24, 'nesz'), event(22, 40), event(25, 29, 'impd')],
      holed,
    );
    expect(spans(placed)).toEqual([[22, 30]]);
    expect(placed.excluded).toEqual([
      { startS: 4, endS: 10 },
      { startS: 20, endS: 22 },
    ]);
    expect(placed.untrained).toEqual([{ startS: 0, endS: 4 }]);
    expect(placed.excludedSecondsByLabel).toEqual({ impd: 6, nesz: 8 });
  });

  test('what runs past the end or lies in a hole is listed, too', () => {
    expect(problems(place([event(50, 70, 'nesz'), event(-5, 3, 'impd'), event(10, 20, 'impd')]))).toEqual([
      'clipped: nesz 50-70 s: 10 s of it were recorded',
      'clipped: impd -5-3 s: 3 s of it were recorded',
    ]);
    expect(problems(place([event(12, 18, 'impd'), event(8, 22, 'nesz')], holed))).toEqual([
      'clipped: nesz 8-22 s: 4 s of it were recorded',
      'not recorded: impd 12-18 s: none of it was recorded; left out',
    ]);
    const open = { ...event(50, 60, 'impd'), endS: Number.POSITIVE_INFINITY };
    expect(problems(place([open]))).toEqual([]);
  });

  test('so is background outside the recording; background that runs past its end is what is left', () => {
    expect(problems(place([event(0, 61, 'bckg'), event(61, 70, 'bckg')]))).toEqual([
      'outside: bckg 61-70 s: outside the recording (0-60 s); the event is rejected',
    ]);
  });

  test('outside the recording it is rejected and listed, too', () => {
    expect(problems(place([event(70, 80, 'impd'), event(-5, 0, 'nesz')]))).toEqual([
      'outside: nesz -5-0 s: outside the recording (0-60 s); the event is rejected',
      'outside: impd 70-80 s: outside the recording (0-60 s); the event is rejected',
    ]);
  });
});

describe('durations (failures A6)', () => {
  test('a second is rounding; more is said; the uncovered end is neither seizure nor background', () => {
    for (const durationS of [59, 59.5, 61]) {
      const { notices, unlabelled } = place([], contiguous, durationS);
      expect({ notices, unlabelled }).toEqual({ notices: [], unlabelled: [] });
    }
    expect(place([], contiguous, 58.5).notices).toHaveLength(1);
    const short = place([], contiguous, 55);
    expect(short.notices).toEqual([
      { code: 'ANNOTATION_DURATION', message: 'the annotation is of 55 s, the recording has 60 s' },
    ]);
    expect(short.unlabelled).toEqual([{ startS: 55, endS: 60 }]);
    const long = place([], contiguous, 65);
    expect(long.notices).toHaveLength(1);
    expect(long.unlabelled).toEqual([]);
  });

  test('more than 10 s and 1 % is refused', () => {
    for (const durationS of [49, 71])
      expect(() => place([], contiguous, durationS)).toThrow(
        expect.objectContaining({
          code: 'ANNOTATION_DURATION',
          message: expect.stringMatching(
            /^\/data\/a\.csv_bi: the annotation is of \d\d s, the recording has 60 s/,
          ),
        }),
      );
    expect(place([], [{ startS: 0, durationS: 3600 }], 3630).notices).toHaveLength(1);
    expect(() => place([], [{ startS: 0, durationS: 3600 }], 3640)).toThrow(/at most 10 s or 1 %/);
  });

  test('with holes, or counted without them, both are the duration', () => {
    for (const durationS of [30, 20])
      expect(place([], holed, durationS)).toMatchObject({ notices: [], unlabelled: [] });
    expect(place([], holed, 25).unlabelled).toEqual([{ startS: 25, endS: 30 }]);
  });
});

test('seizure seconds that were recorded = seizure seconds placed, for any events and holes (failures A1)', () => {
  const second = fc.integer({ min: -20, max: 120 });
  const seizures = fc.array(fc.tuple(second, fc.integer({ min: 1, max: 40 })), { maxLength: 10 });
  const stretches = fc
    .uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 8 })
    .map((places) => places.sort((a, b) => a - b))
    .map((places) =>
      Array.from({ length: places.length >> 1 }, (_, index) => ({
        startS: places[2 * index]!,
        durationS: places[2 * index + 1]! - places[2 * index]!,
      })),
    );
  fc.assert(
    fc.property(seizures, stretches, (list, recorded) => {
      const events = list.map(([startS, lengthS]) => event(startS, startS + lengthS));
      const placed = place(events, recorded);
      const inAny = (parts: { startS: number; endS: number }[], second: number) =>
        parts.some(({ startS, endS }) => second >= startS && second < endS);
      for (let second = -20; second < 160; second++) {
        const isRecorded = recorded.some(
          ({ startS, durationS }) => second >= startS && second < startS + durationS,
        );
        expect(inAny([...placed.seizures], second)).toBe(isRecorded && inAny(events, second));
      }
      // Every seizure is either placed whole, or listed.
      const lostS = (part: AnnotatedEvent) =>
        placed.reports.some((report) => report.event.startS <= part.startS && report.event.endS >= part.endS);
      for (const part of events) {
        const isWhole = recorded.some(
          ({ startS, durationS }) => part.startS >= startS && part.endS <= startS + durationS,
        );
        expect(isWhole || lostS(part)).toBe(true);
      }
      // What was recorded and what the reports say was lost make up what was annotated.
      const sum = (parts: readonly { startS: number; endS: number }[]) =>
        parts.reduce((total, { startS, endS }) => total + endS - startS, 0);
      const lost = placed.reports.map(({ problem, message, event: { startS, endS } }) => {
        const keptS = problem === 'clipped' ? Number(/: (\S+) s of it were recorded/.exec(message)![1]) : 0;
        return endS - startS - keptS;
      });
      const annotated = Array.from({ length: 180 }, (_, at) => at - 20).filter((at) => inAny(events, at));
      expect(sum(placed.seizures) + lost.reduce((total, lostS) => total + lostS, 0)).toBe(annotated.length);
      for (const [index, { startS }] of placed.seizures.entries())
        expect(startS).toBeGreaterThanOrEqual(placed.seizures[index - 1]?.endS ?? Number.NEGATIVE_INFINITY);
    }),
    { numRuns: 500 },
  );
});
