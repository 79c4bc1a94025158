import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Signal } from '../edf/index.ts';
import { derive, montageChannels, referenceOf } from './montage.ts';

const REFERENTIAL = montageChannels('10-20').map((name) => `EEG ${name.toUpperCase()}-REF`);
// chb01-summary.txt of CHB-MIT
const CHBMIT =
  'FP1-F7 F7-T7 T7-P7 P7-O1 FP1-F3 F3-C3 C3-P3 P3-O1 FP2-F4 F4-C4 C4-P4 P4-O2 FP2-F8 F8-T8 T8-P8 P8-O2 FZ-CZ CZ-PZ P7-T7 T7-FT9 FT9-FT10 FT10-T8 T8-P8'.split(
    ' ',
  );

const signals = (labels: readonly string[]) => labels.map((label) => ({ label }) as Signal);
/** What each channel is made of, by label instead of place. */
const byLabel = (montage: '10-20' | 'double-banana', labels: readonly string[]) =>
  derive(montage, signals(labels), 'x.edf').map(({ channel, plus, minus }) => [
    channel,
    plus === null ? null : labels[plus],
    minus === null ? null : labels[minus],
  ]);

test('the double banana is the order of the design', () => {
  expect(montageChannels('double-banana').join(' ')).toBe(
    'Fp1-F7 F7-T3 T3-T5 T5-O1 Fp2-F8 F8-T4 T4-T6 T6-O2 Fp1-F3 F3-C3 C3-P3 P3-O1 Fp2-F4 F4-C4 C4-P4 P4-O2 Fz-Cz Cz-Pz',
  );
  expect(montageChannels('10-20')).toHaveLength(19);
});

test('CHB-MIT: bipolar channels are taken by name, the doubled T8-P8 once', () => {
  const found = byLabel('double-banana', CHBMIT);
  expect(found[2]).toEqual(['T3-T5', 'T7-P7', null]);
  expect(found[6]).toEqual(['T4-T6', 'T8-P8', null]);
  expect(derive('double-banana', signals(CHBMIT), 'x')[6]!.plus).toBe(14);
  expect(referenceOf(derive('double-banana', signals(CHBMIT), 'x'), signals(CHBMIT))).toBe('bipolar');
});

test('a bipolar channel recorded the other way round is inverted', () => {
  expect(
    byLabel(
      'double-banana',
      CHBMIT.filter((label) => label !== 'T7-P7'),
    )[2],
  ).toEqual(['T3-T5', null, 'P7-T7']);
});

test('referential channels are subtracted, but only with one reference', () => {
  expect(byLabel('double-banana', REFERENTIAL)[0]).toEqual(['Fp1-F7', 'EEG FP1-REF', 'EEG F7-REF']);
  const mixed = REFERENTIAL.map((label) => (label.includes('F7') ? 'EEG F7-LE' : label));
  expect(() => byLabel('double-banana', mixed)).toThrow(/needs Fp1-F7, F7-T3, which cannot be had/);
});

test('what is missing is listed beside what there is', () => {
  const labels = REFERENTIAL.filter((label) => !/FZ|PZ/.test(label));
  expect(() => byLabel('10-20', labels)).toThrow(/^x.edf: the montage 10-20 needs Fz, Pz, .*EEG FP1-REF/);
});

test('property: the order of signals in the file changes nothing (failures B2)', () => {
  for (const [montage, labels] of [
    ['10-20', REFERENTIAL],
    ['double-banana', CHBMIT],
  ] as const)
    fc.assert(
      fc.property(fc.shuffledSubarray([...labels], { minLength: labels.length }), (shuffled) => {
        expect(byLabel(montage, shuffled)).toEqual(byLabel(montage, labels));
      }),
    );
});
