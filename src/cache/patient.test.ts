import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { patientOf } from './patient.ts';

test.each([
  ['train/aaaaaaac/s001_2002/02_tcp_le/aaaaaaac_s001_t000.edf', 'aaaaaaac'],
  ['01_tcp_ar/002/00000258/s002_2003_07_21/00000258_s002_t000.edf', '00000258'],
  ['chb01/chb01_03.edf', 'chb01'],
  ['chb02/chb02_16+.edf', 'chb02'],
  ['chb21/chb21_19.edf', 'chb01'],
  ['chb17/chb17a_03.edf', 'chb17'],
  ['chb17/chb17b_57.edf', 'chb17'],
  ['chb17/chb17c_02.edf', 'chb17'],
  ['PN00/PN00-1.edf', 'PN00'],
  ['sub-01/ses-01/eeg/sub-01_ses-01_task-szMonitoring_run-00_eeg.edf', 'sub-01'],
])('C1: %s is of %s', (path, patient) => {
  expect(patientOf(path)).toBe(patient);
});

test('C1: any other name is refused and asks for data.patient_pattern, never one patient a file', () => {
  for (const path of ['a.edf', 'ward/7.edf', 'aaaaaaac.edf', '1234567_s001_t000.edf'])
    expect(() => patientOf(path)).toThrow(/data\.patient_pattern/);
});

test('C1: the pattern decides alone; chb21 is chb01 for it too; what it does not match is refused', () => {
  expect(patientOf('ward/p7_1.edf', '/(p\\d+)_')).toBe('p7');
  expect(patientOf('chb21/x.edf', '^([^/]+)/')).toBe('chb01');
  expect(() => patientOf('chb01_03.edf', '^([^/]+)/')).toThrow(/finds no patient/);
});

// The pattern, and how chb21's and chb01's recordings may be called so that it finds them.
test.each([
  ['^([A-Za-z]+\\d+)_', 'CHB21_01.EDF', 'CHB01_01.EDF'],
  ['^chb(\\d+)_', 'chb21_01.edf', 'chb01_01.edf'],
  ['^(chb21|chb01)/', 'chb21/a.edf', 'chb01/a.edf'],
  ['^(chb21|c01)/', 'chb21/a.edf', null],
  [null, 'sub-chb21/sub-chb21_eeg.edf', 'sub-chb01/sub-chb01_eeg.edf'],
])('C1: by %s, %s is of the patient of %s', (pattern, later, earlier) => {
  expect(patientOf(later, pattern)).toBe(earlier === null ? 'chb01' : patientOf(earlier, pattern));
  expect(patientOf(later.replace('21', '22'), '^([^_/]+)')).not.toBe(patientOf(later, '^([^_/]+)'));
});

test('any path gives a patient or an InputError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => {
      try {
        expect(patientOf(path)).not.toBe('');
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
  );
});
