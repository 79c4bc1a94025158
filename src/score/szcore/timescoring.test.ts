import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runsWhere } from '../../post/index.ts';
import { type EventScoringSettings, scoredEvents, scoreEvents, scoreSamples } from './index.ts';

type Span = [start: number, end: number];
interface Vector {
  id: string;
  note: string;
  duration: number;
  sampleFs: number;
  params: EventScoringSettings;
  ref: Span[];
  hyp: Span[];
  sample: Record<string, number | null>;
  event: Record<string, number | null>;
  event_ref_after_merge_split: Span[];
  event_hyp_after_merge_split: Span[];
}
const golden: {
  vectors: Vector[];
  mask_to_events: { id: string; fs: number; mask: string; events: Span[] }[];
  errors: { id: string; note: string; ref_len: number; hyp_len: number }[];
} = JSON.parse(readFileSync(new URL('fixtures/timescoring_golden.json', import.meta.url), 'utf8'));

const spans = (pairs: Span[]) => pairs.map(([startS, endS]) => ({ startS, endS }));
const recording = (events: Span[], durationS: number) => ({ events: spans(events), durationS });

function expectFields(found: object, expected: Record<string, number | null>) {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    const given = (found as Record<string, number | null>)[name];
    if (value === null || Number.isInteger(value)) expect({ [name]: given }).toEqual({ [name]: value });
    else expect(Math.abs(given! - value)).toBeLessThan(1e-9);
  }
}

test.each(golden.vectors)('$id $note', ({ duration, sampleFs, params, ref, hyp, ...expected }) => {
  const [reference, hypothesis] = [recording(ref, duration), recording(hyp, duration)];
  expectFields(scoreSamples(reference, hypothesis, sampleFs), expected.sample);
  expectFields(scoreEvents(reference, hypothesis, params), expected.event);
  const pieces = (events: Span[]) => scoredEvents(spans(events), params);
  expect(pieces(ref)).toEqual(spans(expected.event_ref_after_merge_split));
  expect(pieces(hyp)).toEqual(spans(expected.event_hyp_after_merge_split));
});

test.each(golden.mask_to_events)('$id: runs of a mask are its events', ({ fs, mask, events }) => {
  const runs = runsWhere(Array.from(mask, Number), 1);
  expect(runs.map(({ start, end }) => [start / fs, end / fs])).toEqual(events);
});

test.each(golden.errors)('$note', ({ ref_len, hyp_len }) => {
  expect(() => scoreSamples(recording([], ref_len), recording([], hyp_len))).toThrow(
    'Expected 10 labels at 1 Hz, as many as the reference of 10 s has, found 8: the hypothesis is of 8 s.',
  );
  expect(() => scoreEvents(recording([], ref_len), recording([], hyp_len))).toThrow('Expected 100 labels');
});
