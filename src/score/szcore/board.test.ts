import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { boardRecording, SubjectTally, scoreEvents, scoreSamples } from './index.ts';

interface Case {
  id: string;
  note: string;
  duration_tolerance: number;
  ref: Record<string, string>;
  hyp: Record<string, string>;
  expected: Record<string, Record<string, Record<string, number | null>>>;
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/szcore_evaluation_golden.json', import.meta.url), 'utf8'),
);

function parse(tsv: string) {
  const rows = tsv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const events = rows
    .filter(([, , type]) => type!.startsWith('sz'))
    .map(([onset, duration]) => ({ startS: Number(onset), endS: Number(onset) + Number(duration) }));
  return boardRecording({ events, durationS: Number(rows[0]![6]) });
}

test.each(cases)('$id $note', ({ ref, hyp, duration_tolerance, expected }) => {
  const tally = new SubjectTally();
  for (const [path, tsv] of Object.entries(ref)) {
    const reference = parse(tsv);
    const found = hyp[path] === undefined ? null : parse(hyp[path]);
    const isUsable = found !== null && Math.abs(found.durationS - reference.durationS) <= duration_tolerance;
    const hypothesis = { events: isUsable ? found.events : [], durationS: reference.durationS };
    tally.add(path.split('/')[0]!, scoreSamples(reference, hypothesis), scoreEvents(reference, hypothesis));
  }
  const scores: Record<string, unknown> = { ...tally.scores() };
  for (const [pooling, results] of Object.entries(expected))
    for (const [kind, figures] of Object.entries(results))
      for (const [name, value] of Object.entries(figures)) {
        const given = (scores[pooling] as typeof results)[kind]![name]!;
        if (value === null) expect(given).toBeNull();
        else expect({ name, error: Math.abs(given - value) < 1e-9 }).toEqual({ name, error: true });
      }
});

test('no subject at all: nothing is a number', () => {
  const { per_subject_mean, cumulated } = new SubjectTally().scores();
  expect(Object.values(per_subject_mean.event_results).every((figure) => figure === null)).toBe(true);
  expect(cumulated.event_results).toMatchObject({ tp: 0, fp: 0, sensitivity: null, f1: null, fpRate: null });
});
