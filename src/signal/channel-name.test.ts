import fc from 'fast-check';
import { expect, test } from 'vitest';
import { channelName } from './channel-name.ts';

// Spellings found in TUSZ, CHB-MIT, Siena and in exports of other tools.
test.each([
  ['EEG FP1-REF', 'Fp1', 'REF'],
  ['EEG FP1-LE', 'Fp1', 'LE'],
  ['EEG F7-AR', 'F7', 'AR'],
  ['Fp1-Avg', 'Fp1', 'AVG'],
  ['fp1', 'Fp1', ''],
  ['EEG 01-REF', 'O1', 'REF'],
  ['EEG  P4 - REF', 'P4', 'REF'],
  ['EEG T7-REF', 'T3', 'REF'],
  ['P8', 'T6', ''],
  ['EEG Cz', 'Cz', ''],
  ['POL Fz', 'Fz', ''],
  ['SEEG Fz', 'Fz', ''],
  ['eeg fp1-ref', 'Fp1', 'REF'],
  ['EEG F 3 - LE', 'F3', 'LE'],
  ['EEG 0Z-REF', 'Oz', 'REF'],
  ['EEG 02-LE', 'O2', 'LE'],
  ['EEGC3-REF', 'C3', 'REF'],
  ['EEG P7-Avg', 'T5', 'AVG'],
  [' Pz ', 'Pz', ''],
  ['EEG FP1-CS2', 'Fp1', 'CS2'],
])('B1: %s is a channel of one electrode', (label, electrode, against) => {
  expect(channelName(label)).toEqual({ electrode, against, isBipolar: false });
});

test.each([
  ['FP1-F7', 'Fp1', 'F7'],
  ['T8-P8', 'T4', 'T6'],
  ['T8-P8-1', 'T4', 'T6'],
  ['EEG F3 - C3', 'F3', 'C3'],
])('B1: %s is one electrode against another', (label, electrode, against) => {
  expect(channelName(label)).toEqual({ electrode, against, isBipolar: true });
});

test.each(['ECG', 'EEG EKG1-REF', '--0', '', 'EMG-REF', 'PHOTIC PH', 'IBI', 'VNS', 'LOC-ROC'])(
  'B1: %s is no scalp EEG',
  (label) => {
    expect(channelName(label)).toBeNull();
  },
);

test('fuzz: any text is a channel or none', () => {
  fc.assert(fc.property(fc.string(), (label) => void channelName(label)));
});
