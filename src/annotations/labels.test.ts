import { describe, expect, test } from 'vitest';
import { isSeizureLabel } from './index.ts';

describe('labels', () => {
  const seizures =
    'seiz fnsz gnsz spsz cpsz absz tnsz cnsz tcsz atsz mysz nesz sz sz_foc_ia sz-gen SEIZ seizure';
  test.each(seizures.split(' '))('%s is a seizure', (label) => {
    expect(isSeizureLabel(label)).toBe(true);
  });
  test('spaces around a label are no part of it', () => {
    expect([isSeizureLabel(' seiz '), isSeizureLabel('bckg\t')]).toEqual([true, false]);
  });
  test.each('bckg null artf eyem musc_elec spsw impd eybl'.split(' '))('%s is none', (label) => {
    expect(isSeizureLabel(label)).toBe(false);
  });
  test.each(['', 'sizure', 'szx', 'seizures', 'n/a', 'constructor'])("'%s' is unknown", (label) => {
    expect(isSeizureLabel(label)).toBeNull();
  });
});
