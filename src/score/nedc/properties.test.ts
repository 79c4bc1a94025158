import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dpalignCounts } from './dpalign.ts';
import { confusionOf } from './epoch.ts';
import { type Label, type LabelledEvent, labelledEvents, roundTo } from './events.ts';
import { asPrinted, NedcTally } from './index.ts';
import { taesCounts } from './taes.ts';

const anySpans = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 1, max: 900 })), { maxLength: 9 }),
    fc.constantFrom(1, 4, 10, 250, 10_000),
    fc.boolean(),
  )
  .map(([pairs, grid, mayOverlap]) => {
    const spans = pairs
      .map(([start, lasts]) => ({ startS: (start * 10) / grid, endS: ((start + lasts) * 10) / grid }))
      .sort((a, b) => a.startS - b.startS);
    let at = 0;
    return mayOverlap
      ? spans
      : spans.filter(({ startS, endS }) => {
          if (startS < at) return false;
          at = endS;
          return true;
        });
  });
const anyRecording = fc.record({
  reference: anySpans,
  hypothesis: anySpans,
  durationS: fc.constantFrom(1, 59.99, 67, 300.1, 600, 3600, 70_000),
});

const labels = (text: string): LabelledEvent[] =>
  [...text].map((letter, index) => ({
    startS: index,
    endS: index + 1,
    label: letter === 's' ? 'seiz' : 'bckg',
  }));

/** The alignment by the full dynamic program, as textbooks have it (Wagner and Fischer 1974). */
function fullAlignment(ref: readonly Label[], hyp: readonly Label[]) {
  type Step = 'pair' | 'insert' | 'delete';
  const cost = [...Array(ref.length + 1).keys()].map((i) =>
    [...Array(hyp.length + 1).keys()].map((j) => i + j),
  );
  const steps = cost.map((row, i) =>
    row.map((_, j): Step => (i === 0 ? 'insert' : j === 0 ? 'delete' : 'pair')),
  );
  for (let i = 1; i <= ref.length; i++)
    for (let j = 1; j <= hyp.length; j++) {
      let best = cost[i - 1]![j - 1]! + (ref[i - 1] === hyp[j - 1] ? 0 : 1);
      if (cost[i]![j - 1]! + 1 < best) [best, steps[i]![j]] = [cost[i]![j - 1]! + 1, 'insert'];
      if (cost[i - 1]![j]! + 1 < best) [best, steps[i]![j]] = [cost[i - 1]![j]! + 1, 'delete'];
      cost[i]![j] = best;
    }
  const counts = { hit: 0, substituted: 0, ins: { seiz: 0, bckg: 0 }, del: { seiz: 0, bckg: 0 } };
  for (let i = ref.length, j = hyp.length; i > 0 || j > 0; ) {
    const step = steps[i]![j]!;
    if (step === 'pair') {
      if (ref[--i] === hyp[--j]) counts.hit++;
      else counts.substituted++;
    } else if (step === 'insert') counts.ins[hyp[--j]!]++;
    else counts.del[ref[--i]!]++;
  }
  return counts;
}

test('DPALIGN: every pair of alternating strings up to 24 letters is aligned as the full dynamic program does', () => {
  const alternating = (first: number, length: number) =>
    labels(Array.from({ length }, (_, index) => 'sb'[(first + index) % 2]).join(''));
  for (const firsts of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])
    for (let m = 1; m <= 24; m++)
      for (let n = 1; n <= 24; n++) {
        const [ref, hyp] = [alternating(firsts[0]!, m), alternating(firsts[1]!, n)];
        const { seiz, bckg } = dpalignCounts(ref, hyp);
        const full = fullAlignment(
          ref.map(({ label }) => label),
          hyp.map(({ label }) => label),
        );
        expect({
          hit: seiz.hit + bckg.hit,
          substituted: seiz.mis - seiz.del + bckg.mis - bckg.del,
          ins: { seiz: seiz.ins, bckg: bckg.ins },
          del: { seiz: seiz.del, bckg: bckg.del },
        }).toEqual(full);
      }
});

test('property: epochs are counted as visiting each of them counts', () => {
  fc.assert(
    fc.property(anyRecording, ({ reference, hypothesis, durationS }) => {
      fc.pre(durationS < 5000);
      const [refs, hyps] = [labelledEvents(reference, durationS), labelledEvents(hypothesis, durationS)];
      const labelAt = (events: LabelledEvent[], middle: number) =>
        (events.find(({ startS, endS }) => middle >= startS && middle <= endS) ?? events.at(-1)!).label;
      const counts = { seiz: { seiz: 0, bckg: 0 }, bckg: { seiz: 0, bckg: 0 } };
      for (let i = 0; 0.125 + 0.25 * i <= refs.at(-1)!.endS; i++)
        counts[labelAt(refs, 0.125 + 0.25 * i)][labelAt(hyps, 0.125 + 0.25 * i)]++;
      expect(confusionOf(refs, hyps)).toEqual(counts);
    }),
  );
});

/** Each with each, where the code looks only at those nearby. */
function taesOfAllPairs(refs: LabelledEvent[], hyps: LabelledEvent[], label: Label) {
  const secondsOf = ({ startS, endS }: LabelledEvent) => {
    const [first, last] = [Math.trunc(startS), Math.trunc(endS)];
    return new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index));
  };
  const meet = (a: LabelledEvent, b: LabelledEvent) =>
    a.label === label && b.label === label && !secondsOf(a).isDisjointFrom(secondsOf(b));
  const overlaps = (a: LabelledEvent, b: LabelledEvent) => a.endS > b.startS && a.startS < b.endS;
  const shares = (r: LabelledEvent, h: LabelledEvent) => {
    const lasts = r.endS - r.startS;
    const outside = Math.max(0, r.startS - h.startS) + Math.max(0, h.endS - r.endS);
    const hit = Math.min(r.endS, h.endS) - Math.max(r.startS, h.startS);
    return { hit: hit / lasts, fal: Math.min(1, outside / lasts) };
  };
  const used = new Set<LabelledEvent>();
  const sum = { hit: 0, mis: 0, fal: 0 };
  for (const [i, r] of refs.entries()) {
    if (r.label !== label || used.has(r) || !hyps.some((h) => h.label === label && overlaps(h, r))) continue;
    for (const [j, h] of hyps.entries()) {
      if (used.has(h) || !meet(r, h)) continue;
      const first = shares(r, h);
      sum.hit += first.hit;
      sum.mis += 1 - first.hit;
      sum.fal += first.fal;
      used.add(r).add(h);
      const isLong = h.endS >= r.endS;
      for (const other of isLong ? refs.slice(i + 1) : hyps.slice(j + 1)) {
        if (isLong ? !meet(other, h) : !meet(r, other)) continue;
        used.add(other);
        const more = isLong
          ? { hit: 0, mis: 1, fal: 0 }
          : { ...shares(r, other), mis: -shares(r, other).hit };
        sum.hit += more.hit;
        sum.mis += more.mis;
        sum.fal += more.fal;
      }
    }
  }
  const left = (events: LabelledEvent[]) => events.filter((e) => e.label === label && !used.has(e)).length;
  return { hit: sum.hit, mis: sum.mis + left(refs), fal: sum.fal + left(hyps) };
}

test('property: TAES of events nearby is TAES of all pairs', () => {
  fc.assert(
    fc.property(anyRecording, ({ reference, hypothesis, durationS }) => {
      fc.pre(durationS < 5000);
      const [refs, hyps] = [labelledEvents(reference, durationS), labelledEvents(hypothesis, durationS)];
      const counts = taesCounts(refs, hyps);
      for (const label of ['seiz', 'bckg'] as const) {
        const all = taesOfAllPairs(refs, hyps, label);
        for (const name of ['hit', 'mis', 'fal'] as const)
          expect(counts[label][name]).toBeCloseTo(all[name], 6);
      }
    }),
  );
});

test('property: each label has as many targets as events; a copy is perfect; the order of recordings is nothing', () => {
  fc.assert(
    fc.property(fc.array(anyRecording, { minLength: 1, maxLength: 5 }), (recordings) => {
      const score = (all: typeof recordings) => {
        const tally = new NedcTally();
        for (const { reference, hypothesis, durationS } of all) tally.add(reference, hypothesis, durationS);
        return tally.scores();
      };
      const scores = score(recordings);
      expect(JSON.stringify(score(recordings.toReversed()))).toBe(JSON.stringify(scores));
      const targets = recordings
        .flatMap(({ reference, durationS }) => labelledEvents(reference, durationS))
        .filter(({ label }) => label === 'seiz').length;
      for (const algorithm of ['overlap', 'taes', 'dpalign'] as const)
        expect(scores[algorithm].per_label.seiz.tgt).toBe(targets);
      const copied = score(
        recordings.map((recording) => ({ ...recording, hypothesis: recording.reference })),
      );
      for (const algorithm of ['epoch', 'dpalign'] as const)
        expect(copied[algorithm].summary).toMatchObject({ mis: 0, fal: 0 });
      expect(copied.ira.multi_class_kappa).toBe(1);
    }),
  );
});

test('TAES: events that only share the second in which one ends and the other begins; by hand', () => {
  // The first hypothesis ends with the first reference: 0.8 of it, and a miss for the second one, which shares second 20.
  // The second hypothesis shares that second, too: -0.05 of the first reference, 1.05 missed, and another miss.
  const tally = new NedcTally();
  tally.add(
    [
      { startS: 10, endS: 20 },
      { startS: 20.5, endS: 30 },
    ],
    [
      { startS: 12, endS: 20 },
      { startS: 20.5, endS: 30 },
    ],
    60,
  );
  const { tgt, hit, mis, fal } = tally.scores().taes.per_label.seiz;
  expect([tgt, hit, mis, fal].map((value) => Number(value.toFixed(9)))).toEqual([2, 0.75, 3.25, 1]);
});

describe('undefined', () => {
  const tally = new NedcTally();
  tally.add([], [{ startS: 10, endS: 20 }], 60);
  const { overlap, taes } = tally.scores();

  test('sensitivity without a target and what follows from it are null; F1 is 0, for there is a false alarm', () => {
    expect(overlap.per_label.seiz).toMatchObject({
      tgt: 0,
      fal: 1,
      tpr: null,
      ppv: 0,
      f1s: 0,
      mcc: null,
      flr: 1440,
    });
    expect(taes.per_label.seiz).toMatchObject({ tpr: null, f1s: 0 });
  });

  test('the tool prints 0 for them', () => {
    expect(asPrinted(overlap).per_label.seiz).toMatchObject({ tpr: 0, ppv: 0, f1s: 0, mcc: 0 });
  });

  test('nothing recorded', () => {
    const empty = new NedcTally();
    empty.add([], [], 0);
    const scores = empty.scores();
    expect(scores.overlap.summary).toMatchObject({ tgt: 0, tpr: null, f1s: null, mcc: null, flr: null });
    expect(scores.ira).toMatchObject({ kappa: { seiz: null, bckg: null }, multi_class_kappa: null });
  });
});

describe('an annotation as it is scored', () => {
  const texts = (seizures: [number, number][], durationS: number) =>
    labelledEvents(
      seizures.map(([startS, endS]) => ({ startS, endS })),
      durationS,
    ).map(({ startS, endS, label }) => `${startS}-${endS} ${label}`);

  test.each([
    ['none', [], 60, ['0-60 bckg']],
    [
      'at both ends',
      [
        [0, 5],
        [50, 60],
      ],
      60,
      ['0-5 seiz', '5-50 bckg', '50-60 seiz'],
    ],
    [
      'touching: one',
      [
        [5, 7],
        [7, 9],
      ],
      10,
      ['0-5 bckg', '5-9 seiz', '9-10 bckg'],
    ],
    [
      'closer than 0.05 ms: one',
      [
        [5, 7.00004],
        [7.00001, 9],
      ],
      10,
      ['0-5 bckg', '5-9 seiz', '9-10 bckg'],
    ],
    ['without duration: none', [[5, 5]], 10, ['0-10 bckg']],
    [
      'out of order',
      [
        [7, 8],
        [1, 2],
      ],
      9,
      ['0-1 bckg', '1-2 seiz', '2-7 bckg', '7-8 seiz', '8-9 bckg'],
    ],
    ['past the end: background back to it', [[5, 20]], 10, ['0-5 bckg', '5-20 seiz', '20-10 bckg']],
    [
      'overlapping: background backwards',
      [
        [1, 6],
        [4, 8],
      ],
      10,
      ['0-1 bckg', '1-6 seiz', '6-4 bckg', '4-8 seiz', '8-10 bckg'],
    ],
    [
      'of one start: the shorter first',
      [
        [1, 6],
        [1, 4],
      ],
      10,
      ['0-1 bckg', '1-4 seiz', '4-1 bckg', '1-6 seiz', '6-10 bckg'],
    ],
    ['nothing recorded', [], 0, []],
  ] as [string, [number, number][], number, string[]][])('%s', (_, seizures, durationS, expected) => {
    expect(texts(seizures, durationS)).toEqual(expected);
  });

  test.each([
    [0.03125, 4, 0.0312],
    [0.09375, 4, 0.0938],
    [-0.03125, 4, -0.0312],
    [2.675, 2, 2.67],
    [0.125, 2, 0.12],
    [0.375, 2, 0.38],
    [10.27754999, 4, 10.2775],
    [1 / 3, 4, 0.3333],
  ])('%d to %d decimals is %d, as in Python', (value, decimals, expected) => {
    expect(roundTo(value, decimals)).toBe(expected);
  });
});
