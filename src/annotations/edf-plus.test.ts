import { describe, expect, test } from 'vitest';
import { edfPlusAnnotation, labelRules } from './index.ts';

describe('EDF+ annotations', () => {
  type Recording = Parameters<typeof edfPlusAnnotation>[0];
  const recording = (...annotations: Recording['annotations']) =>
    ({ path: 'a.edf', annotations }) as Recording;

  test('seizures by their text; other texts are counted, and quoted where they speak of seizures', () => {
    const found = edfPlusAnnotation(
      recording(
        { onsetS: 1, durationS: 2, text: 'Seizure' },
        { onsetS: 5, durationS: null, text: 'Lights off' },
        { onsetS: 6, durationS: null, text: 'end of seizure' },
        { onsetS: 7, durationS: null, text: 'end of seizure' },
        { onsetS: 8, durationS: null, text: 'sz?' },
      ),
    );
    expect(found?.events).toEqual([
      { startS: 1, endS: 3, label: 'Seizure', meaning: 'seizure', channels: null, confidence: null },
    ]);
    expect(found?.notices).toEqual([
      {
        code: 'ANNOTATION_OTHER_TEXTS',
        message: "4 EDF+ annotations are no seizure labels, among them 'end of seizure', 'sz?'",
      },
    ]);
  });

  test('notes of a technician are no annotation: unlabelled is not seizure-free (failures A5)', () => {
    expect(edfPlusAnnotation(recording())).toBeNull();
    expect(edfPlusAnnotation(recording({ onsetS: 3, durationS: 4, text: 'chew' }))).toBeNull();
    expect(edfPlusAnnotation(recording({ onsetS: 3, durationS: null, text: 'Recording starts' }))).toBeNull();
    expect(edfPlusAnnotation(recording({ onsetS: 0, durationS: 60, text: 'bckg' }))).toMatchObject({
      events: [{ label: 'bckg' }],
    });
  });

  test('A5: an impedance check alone is no search for seizures; beside bckg it is not trained on', () => {
    const check = { onsetS: 3, durationS: 4, text: 'impd' };
    expect(edfPlusAnnotation(recording(check))).toBeNull();
    const found = edfPlusAnnotation(recording(check, { onsetS: 0, durationS: null, text: 'bckg' }));
    expect(found?.events).toMatchObject([{ startS: 3, endS: 7, meaning: 'untrained' }]);
  });

  test('data.labels says what other texts are', () => {
    const rules = labelRules({ 'EEG onset': 'seizure', movement: 'excluded' });
    const found = edfPlusAnnotation(
      recording(
        { onsetS: 1, durationS: 2, text: 'eeg onset' },
        { onsetS: 5, durationS: 1, text: 'Movement' },
      ),
      rules,
    );
    expect(found?.events.map(({ meaning }) => meaning)).toEqual(['seizure', 'excluded']);
  });

  test('refuses nesz without duration: what is to be excluded is not known', () => {
    expect(() =>
      edfPlusAnnotation(
        recording({ onsetS: 3, durationS: null, text: 'nesz' }, { onsetS: 0, durationS: 9, text: 'bckg' }),
      ),
    ).toThrow(/'nesz' at 3 s states no duration/);
  });

  test('bckg without a duration says: looked at, and no seizure', () => {
    expect(edfPlusAnnotation(recording({ onsetS: 0, durationS: null, text: ' BCKG ' }))).toMatchObject({
      format: 'edf-plus',
      events: [],
    });
    expect(
      edfPlusAnnotation(recording({ onsetS: 0, durationS: 60, text: 'Background' }))?.events,
    ).toHaveLength(1);
  });

  test('refuses a seizure of no duration', () => {
    expect(() => edfPlusAnnotation(recording({ onsetS: 3, durationS: 0, text: 'sz' }))).toThrow(
      /'sz' at 3 s/,
    );
  });

  test('refuses a seizure without duration', () => {
    expect(() => edfPlusAnnotation(recording({ onsetS: 3, durationS: null, text: 'sz' }))).toThrow(
      /a\.edf: the EDF\+ annotation 'sz' at 3 s states no duration/,
    );
  });
});
