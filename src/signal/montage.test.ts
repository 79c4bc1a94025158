import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { deriveMontage, type MontageSettings, montageChannels } from './montage.ts';

const TEN_TWENTY: MontageSettings = { montage: '10-20', channels: null, reference: 'as_recorded' };
const DOUBLE_BANANA: MontageSettings = { ...TEN_TWENTY, montage: 'double-banana' };
const AVERAGE: MontageSettings = { ...TEN_TWENTY, reference: 'average' };
const listed = (...channels: string[]): MontageSettings => ({ ...TEN_TWENTY, montage: 'channels', channels });

const REFERENTIAL = montageChannels(TEN_TWENTY).map((name) => `EEG ${name.toUpperCase()}-REF`);
const WITHOUT_FZ_PZ = REFERENTIAL.filter((label) => !/FZ|PZ/.test(label));
// chb01-summary.txt of CHB-MIT
const CHBMIT =
  'FP1-F7 F7-T7 T7-P7 P7-O1 FP1-F3 F3-C3 C3-P3 P3-O1 FP2-F4 F4-C4 C4-P4 P4-O2 FP2-F8 F8-T8 T8-P8 P8-O2 FZ-CZ CZ-PZ P7-T7 T7-FT9 FT9-FT10 FT10-T8 T8-P8'.split(
    ' ',
  );

const signals = (labels: readonly string[]) => labels.map((label) => ({ label }) as Signal);
const derive = (settings: MontageSettings, labels: readonly string[]) =>
  deriveMontage(settings, signals(labels), 'x.edf');
/** What each channel is made of, by label instead of place. */
const byLabel = (settings: MontageSettings, labels: readonly string[]) =>
  derive(settings, labels).derivations.map(({ channel, terms }) => [
    channel,
    ...terms.map(({ signal, weight }) => `${weight} ${labels[signal]}`),
  ]);

test('the montages have the orders that their users expect', () => {
  expect(montageChannels(TEN_TWENTY).join(' ')).toBe(
    'Fp1 F3 C3 P3 F7 T3 T5 O1 Fz Cz Pz Fp2 F4 C4 P4 F8 T4 T6 O2',
  );
  expect(montageChannels(DOUBLE_BANANA).join(' ')).toBe(
    'Fp1-F7 F7-T3 T3-T5 T5-O1 Fp2-F8 F8-T4 T4-T6 T6-O2 Fp1-F3 F3-C3 C3-P3 P3-O1 Fp2-F4 F4-C4 C4-P4 P4-O2 Fz-Cz Cz-Pz',
  );
});

test('CHB-MIT: bipolar channels are taken by name, the doubled T8-P8 once', () => {
  const { derivations, reference } = derive(DOUBLE_BANANA, CHBMIT);
  const found = byLabel(DOUBLE_BANANA, CHBMIT);
  expect(found[2]).toEqual(['T3-T5', '1 T7-P7']);
  expect(found[6]).toEqual(['T4-T6', '1 T8-P8']);
  expect(derivations[6]!.terms[0]!.signal).toBe(14);
  expect(reference).toBe('bipolar');
});

test('B9: CHB-MIT is bipolar and never accepted as 10-20', () => {
  expect(() => derive(TEN_TWENTY, CHBMIT)).toThrow(
    /^x.edf: the montage 10-20 needs electrodes against a common reference, but the recording is bipolar: FP1-F7, .* Set preprocessing.montage to double-banana/,
  );
});

test('a bipolar channel recorded the other way round is inverted', () => {
  const labels = CHBMIT.filter((label) => label !== 'T7-P7');
  expect(byLabel(DOUBLE_BANANA, labels)[2]).toEqual(['T3-T5', '-1 P7-T7']);
});

test('referential channels are subtracted, but only with one reference', () => {
  expect(byLabel(DOUBLE_BANANA, REFERENTIAL)[0]).toEqual(['Fp1-F7', '1 EEG FP1-REF', '-1 EEG F7-REF']);
  // What all were recorded against is not in a difference: a detector of these knows CHB-MIT's channels, too.
  for (const labels of [REFERENTIAL, WITHOUT_FZ_PZ, REFERENTIAL.map((label) => label.replace('REF', 'LE'))])
    expect(derive(DOUBLE_BANANA, labels).reference).toBe('bipolar');
  expect(derive(listed('F3-C3', 'Cz'), REFERENTIAL).reference).toBe('mixed: REF, bipolar');
  const mixed = REFERENTIAL.map((label) => (label.includes('F7') ? 'EEG F7-LE' : label));
  expect(() => byLabel(DOUBLE_BANANA, mixed)).toThrow(/needs Fp1-F7, F7-T3, which cannot be had/);
});

test('B3: Fz and Pz are interpolated from the other 17, alone or together; others never', () => {
  const { derivations, notices } = derive(TEN_TWENTY, WITHOUT_FZ_PZ);
  expect(derivations.map(({ isInterpolated }) => isInterpolated).filter(Boolean)).toHaveLength(2);
  expect(notices).toEqual(['interpolated by spherical splines: Fz, Pz']);
  // MNE's weight of F3 for Fz where Pz is missing too (interp_golden.json).
  const fz = derivations[8]!.terms.find(({ signal }) => WITHOUT_FZ_PZ[signal] === 'EEG F3-REF')!;
  expect(fz.weight).toBeCloseTo(0.630275782127, 10);
  expect(derivations[8]!.terms).toHaveLength(17);
  const withoutFz = REFERENTIAL.filter((label) => !label.includes('FZ'));
  expect(derive(TEN_TWENTY, withoutFz).derivations[8]!.terms).toHaveLength(18);
  for (const electrode of ['CZ', 'O2', 'T5']) {
    const labels = WITHOUT_FZ_PZ.filter((label) => !label.includes(electrode));
    expect(() => derive(TEN_TWENTY, labels)).toThrow(/^x.edf: the montage 10-20 needs .*EEG FP1-REF/);
  }
  const only = REFERENTIAL.filter((label) => !label.includes('O2'));
  expect(() => derive(TEN_TWENTY, only)).toThrow('the montage 10-20 needs O2, which cannot be had');
});

test('B3: the double banana is derived from interpolated electrodes too', () => {
  const { derivations } = derive(DOUBLE_BANANA, WITHOUT_FZ_PZ);
  const [fzCz, czPz] = derivations.slice(-2);
  for (const { terms, isInterpolated } of [fzCz!, czPz!]) {
    expect(isInterpolated).toBe(true);
    // A common reference cancels.
    expect(terms.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(0, 10);
  }
});

test('B3: nothing is interpolated from signals of different references', () => {
  const mixed = WITHOUT_FZ_PZ.map((label) => (label.includes('F7') ? 'EEG F7-LE' : label));
  expect(() => derive(TEN_TWENTY, mixed)).toThrow(/needs Fz, Pz, which cannot be had/);
});

test('any list of channels, by electrode or by label, in its order', () => {
  const labels = ['ECG SD', 'EEG BTEleft SD', 'EEG CROSStop SD', 'EEG FP1-LE', 'P7-REF'];
  expect(byLabel(listed('CROSStop SD', 'bteleft  sd'), labels)).toEqual([
    ['CROSStop SD', '1 EEG CROSStop SD'],
    ['bteleft  sd', '1 EEG BTEleft SD'],
  ]);
  expect(byLabel(listed('T5', 'fp1'), labels)).toEqual([
    ['T5', '1 P7-REF'],
    ['Fp1', '1 EEG FP1-LE'],
  ]);
  expect(byLabel(listed('T7-P7'), CHBMIT)).toEqual([['T3-T5', '1 T7-P7']]);
  expect(byLabel(listed('ECG SD'), labels)).toEqual([['ECG SD', '1 ECG SD']]);
  expect(() => derive(listed('Fp1-REF', 'P7-REF'), labels)).toThrow(/needs Fp1-REF, which/);
  expect(() => derive(listed('T5', 'P7'), labels)).toThrow(/lists T5 twice/);
  expect(montageChannels(listed('T8', 'BTEleft SD'))).toEqual(['T4', 'BTEleft SD']);
});

test('the average is over the recorded channels; the reference is then that', () => {
  const { averaged, reference } = derive(AVERAGE, WITHOUT_FZ_PZ);
  expect(averaged!.map((index) => WITHOUT_FZ_PZ[index]).sort()).toEqual(WITHOUT_FZ_PZ.toSorted());
  expect(reference).toBe('average');
});

test('averaging bipolar channels, or channels of different references, is refused', () => {
  expect(() => derive({ ...listed('FP1-F7', 'F7-T7'), reference: 'average' }, CHBMIT)).toThrow(
    /the channels are bipolar; a common reference cancels in them/,
  );
  // Derived ones as well: T3 - T5 less the mean of all T3 is no channel at all.
  for (const channels of [['T3-T5'], ['Cz', 'Cz-Pz']])
    expect(() => derive({ ...listed(...channels), reference: 'average' }, REFERENTIAL)).toThrow(
      /the channels are bipolar; a common reference cancels in them/,
    );
  const mixed = REFERENTIAL.map((label) => (label.includes('F7') ? 'EEG F7-LE' : label));
  expect(() => derive(AVERAGE, mixed)).toThrow(/different references, LE and REF/);
});

test.each([
  [REFERENTIAL, 'REF'],
  [REFERENTIAL.map((label) => label.replace('-REF', '-Avg')), 'average'],
  [REFERENTIAL.map((label) => label.replace('-REF', '-AR')), 'average'],
  [REFERENTIAL.map((label) => label.replace('-REF', '')), 'unnamed'],
  [REFERENTIAL.map((label) => (label.includes('F7') ? 'EEG F7-LE' : label)), 'mixed: LE, REF'],
])('%#: the reference is read from the labels', (labels, reference) => {
  expect(derive(TEN_TWENTY, labels).reference).toBe(reference);
});

test('of several signals of one electrode the one with the usual reference is taken', () => {
  const labels = ['EEG F7-LE', 'EEG CZ-LE', ...REFERENTIAL];
  expect(byLabel(TEN_TWENTY, labels)).toEqual(byLabel(TEN_TWENTY, REFERENTIAL));
});

test('B2, property: the order of signals in the file changes nothing', () => {
  for (const [settings, labels] of [
    [TEN_TWENTY, REFERENTIAL],
    [TEN_TWENTY, [...REFERENTIAL, 'EEG F7-LE', 'Cz', 'C3-REF', 'SEEG P3-REF']],
    [AVERAGE, WITHOUT_FZ_PZ],
    [DOUBLE_BANANA, WITHOUT_FZ_PZ],
    [DOUBLE_BANANA, CHBMIT],
  ] as const)
    fc.assert(
      fc.property(fc.shuffledSubarray([...labels], { minLength: labels.length }), (shuffled) => {
        expect(byLabel(settings, shuffled)).toEqual(byLabel(settings, labels));
        const averaged = (all: readonly string[]) =>
          derive(settings, all).averaged?.map((index) => all[index]);
        expect(averaged(shuffled)).toEqual(averaged(labels));
      }),
    );
});

test('fuzz: any labels and any list give a montage or an InputError', () => {
  const label = fc.oneof(
    fc.string(),
    fc.constantFrom(...REFERENTIAL, ...CHBMIT, 'Cz', 'Fz-LE', 'EEG', '', '-', '--', 'Cz-Cz', 'ECG'),
  );
  const settings = fc.record({
    montage: fc.constantFrom('10-20' as const, 'double-banana' as const, 'channels' as const),
    channels: fc.option(fc.array(label, { maxLength: 5 })),
    reference: fc.constantFrom('as_recorded' as const, 'average' as const),
  });
  fc.assert(
    fc.property(settings, fc.array(label, { maxLength: 30 }), (given, labels) => {
      try {
        const { derivations } = derive(given, [...labels, ...(given.channels ?? [])]);
        expect(derivations.map(({ channel }) => channel)).toEqual(montageChannels(given));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 500 },
  );
});
