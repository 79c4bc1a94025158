import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asPrinted, NedcTally } from './index.ts';

type Row = [start: number, stop: number, label: string];
interface Vector {
  id: string;
  note: string;
  files: { duration: number; ref: Row[]; hyp: Row[] }[];
  expected: {
    ira: { kappa: Record<string, number>; multi_class_kappa: number; confusion: object };
  } & Record<
    'overlap' | 'taes' | 'epoch' | 'dpalign',
    {
      per_label: Record<'seiz' | 'bckg', Record<string, number>>;
      summary: Record<string, number>;
      total_duration: number;
    }
  >;
}
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('fixtures/nedc_golden.json', import.meta.url), 'utf8'),
);

const seizures = (rows: Row[]) =>
  rows.filter(([, , label]) => label === 'seiz').map(([startS, endS]) => ({ startS, endS }));

function expectClose(found: object, expected: object) {
  for (const [name, value] of Object.entries(expected) as [string, number][]) {
    const given = (found as Record<string, number | null>)[name]!;
    // The tool prints at most 4 decimals of a percentage; its own arithmetic is followed much closer.
    const isClose = Math.abs(given - value) <= 1e-9 * Math.max(1, Math.abs(value));
    if (!isClose) expect({ [name]: given }).toEqual({ [name]: value });
  }
}

describe.each(vectors)('G9: $id $note', ({ files, expected }) => {
  const tally = new NedcTally();
  for (const { ref, hyp, duration } of files) tally.add(seizures(ref), seizures(hyp), duration);
  const scores = tally.scores();

  test.each(['overlap', 'taes', 'epoch', 'dpalign'] as const)('%s', (algorithm) => {
    const printed = asPrinted(scores[algorithm]);
    const { per_label, summary, total_duration } = expected[algorithm];
    expectClose(printed.per_label.seiz, per_label.seiz);
    expectClose(printed.per_label.bckg, per_label.bckg);
    expectClose(printed.summary, summary);
    expectClose(printed, { total_duration });
  });

  test('ira', () => {
    const { kappa, multi_class_kappa, confusion } = expected.ira;
    expect(scores.ira.confusion).toEqual(confusion);
    expectClose(scores.ira.kappa, kappa);
    expectClose(scores.ira, { multi_class_kappa });
  });
});
