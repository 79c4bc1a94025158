import { describe, expect, test } from 'vitest';
import { labelRules, labelRulesRecord } from './index.ts';
import { knownMeaning, meaningOfText } from './labels.ts';

const { meaningOf } = labelRules();

describe('labels', () => {
  const seizures =
    'seiz gnsz fnsz spsz cpsz absz tnsz cnsz tcsz atsz mysz sz sz_foc_ia sz_uo_m_tonicMyio sz-gen SEIZ';
  test.each(seizures.split(' '))('%s is a seizure', (label) => {
    expect(meaningOf(label)).toBe('seizure');
  });

  test('nesz is never a seizure but excluded, impd is not trained on, bckg is background', () => {
    expect(['nesz', 'NESZ', 'impd', 'bckg'].map(meaningOf)).toEqual([
      'excluded',
      'excluded',
      'untrained',
      'background',
    ]);
  });

  test('spaces around a label are no part of it', () => {
    expect([meaningOf(' seiz '), meaningOf('bckg\t')]).toEqual(['seizure', 'background']);
  });

  const unknown = ['', 'sizure', 'szx', 'seizures', 'seizure', 'n/a', 'constructor', '__proto__'];
  test.each([...unknown, 'artf', 'eyem', 'musc_elec', 'spsw', 'null'])("A2: '%s' is unknown", (label) => {
    expect(meaningOf(label)).toBeNull();
    expect(() => knownMeaning(label, labelRules(), '/data/a.csv:7')).toThrow(
      expect.objectContaining({
        code: 'ANNOTATION_LABEL',
        message: expect.stringMatching(
          new RegExp(`^/data/a\\.csv:7: the label '${label}' is not known.*data\\.labels`),
        ),
      }),
    );
  });
});

describe('data.labels', () => {
  test('says what further labels are, whatever their case', () => {
    const rules = labelRules({ ARTF: 'background', 'my sz': 'seizure', __proto__x: 'excluded' });
    expect(['artf', 'My Sz', '__proto__x', 'eyem'].map(rules.meaningOf)).toEqual([
      'background',
      'seizure',
      'excluded',
      null,
    ]);
  });

  test.each(['nesz', 'SEIZ', 'sz_foc', 'impd', ' bckg'])("does not change what '%s' is", (label) => {
    expect(() => labelRules({ [label]: 'seizure' })).toThrow(
      expect.objectContaining({
        code: 'ANNOTATION_LABEL_MAP',
        message: expect.stringContaining(`'${label}'`),
      }),
    );
  });

  test('A8: the record of the rules changes with the map, and holds the table', () => {
    const record = labelRulesRecord();
    expect(record).toMatchObject({
      seiz: 'seizure',
      nesz: 'excluded',
      impd: 'untrained',
      bckg: 'background',
    });
    expect(Object.values(record).filter((meaning) => meaning === 'seizure')).toHaveLength(13);
    expect(labelRulesRecord({ artf: 'excluded' })).toEqual({ ...record, artf: 'excluded' });
    expect(labelRulesRecord({ Artf: 'excluded' })).toEqual(labelRulesRecord({ artf: 'excluded' }));
  });
});

test('typed texts may write seizure and background out', () => {
  const rules = labelRules({ 'seizure onset': 'seizure' });
  expect(
    ['Seizure', ' background ', 'sz', 'Seizure onset', 'chew'].map((text) => meaningOfText(text, rules)),
  ).toEqual(['seizure', 'background', 'seizure', 'seizure', null]);
});
