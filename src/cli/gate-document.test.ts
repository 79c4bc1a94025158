import { expect, test } from 'vitest';
import { gateDocument } from './synth-action.ts';

test('the document of the gate has keys in snake_case and all that was measured', () => {
  const measured = { value: 0.5, reason: null };
  const document = gateDocument({
    recordings: 4,
    patients: 3,
    hours: 1,
    seizures: 6,
    aurocOverWindows: { RMS: measured },
    regression: { sensitivity: { value: null, reason: 'none', threshold: null }, aurocOverWindows: measured },
    evolutionAgainstTwins: measured,
    evolutionAgainstNegatives: measured,
    problems: ['too few'],
  });
  expect(JSON.stringify(document)).not.toMatch(/"[a-z]+[A-Z]\w*":/);
  expect(document).toEqual({
    recordings: 4,
    patients: 3,
    hours: 1,
    seizures: 6,
    auroc_over_windows: { RMS: measured },
    regression: {
      sensitivity: { value: null, reason: 'none', threshold: null },
      auroc_over_windows: measured,
    },
    evolution_against_twins: measured,
    evolution_against_negatives: measured,
    problems: ['too few'],
  });
});
