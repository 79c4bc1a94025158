import { InputError } from '../errors.ts';

/**
 * Who a recording is of, from its path relative to the data folder:
 *
 * - where `pattern` (`data.patient_pattern`) is given, its group, and nothing else;
 * - BIDS: `sub-X` anywhere in the path;
 * - CHB-MIT: `chbNN_...`; 17a, 17b and 17c are one; chb21 is chb01, 1.5 years later (PhysioNet's SUBJECT-INFO);
 * - TUSZ: `aaaaaaac_s001_t000`, the eight letters; eight digits in releases before 2.0;
 * - Siena: `PNnn-...`.
 *
 * @throws InputError `DATA_PATIENT` for any other name: taking each file for a patient would put one person on both
 * sides of a split (failures C1)
 */
export function patientOf(relativePath: string, pattern: string | null = null): string {
  const patient = pattern === null ? namedPatientOf(relativePath) : matchOf(relativePath, pattern);
  if (patient !== null) return samePerson(patient);
  throw new InputError(
    'DATA_PATIENT',
    pattern === null
      ? `Whose recording is ${relativePath}? Its name is not of a form that bgb knows (TUSZ aaaaaaac_s001_t000, CHB-MIT chb01_03, Siena PN00-1, BIDS sub-01). Set data.patient_pattern to a regular expression over the relative path whose one group is the patient, as in '^([^/]+)/' for a folder a patient.`
      : `Whose recording is ${relativePath}? data.patient_pattern '${pattern}' finds no patient in it. Widen the pattern, or keep such recordings elsewhere.`,
  );
}

/** Of entries made elsewhere whose names say nothing: all are one, so that none can be on both sides of a split. */
export const UNKNOWN_PATIENT = 'unknown';

/** As {@link patientOf} by the corpora's naming rules; null where none applies. */
export function namedPatientOf(relativePath: string): string | null {
  const path = slashed(relativePath);
  const bids = /(?:^|\/)(sub-[A-Za-z0-9]+)/.exec(path)?.[1];
  if (bids !== undefined) return bids;
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.(edf|bdf|npz)$/i, '');
  const rules = [/^(chb\d\d)[a-z]?(?:[_+]|$)/, /^([a-z]{8}|\d{8})_s\d{3}(?:_|$)/, /^(PN\d\d)(?:-|$)/];
  const found = rules.map((rule) => rule.exec(stem)?.[1]).find((patient) => patient !== undefined);
  return found === undefined ? null : samePerson(found);
}

function matchOf(relativePath: string, pattern: string): string | null {
  const path = slashed(relativePath);
  const expression = new RegExp(pattern);
  // A pattern may take the number alone, or name chb21 itself.
  return (expression.exec(samePerson(path)) ?? expression.exec(path))?.[1] || null;
}

/** chb21 under chb01's name, in any case and after BIDS's `sub-`. */
function samePerson(text: string): string {
  return text.replace(/(?<![A-Za-z0-9])(chb)21(?!\d)/gi, '$101');
}

function slashed(path: string): string {
  return path.replaceAll('\\', '/');
}
