import { InputError } from '../errors.ts';

/**
 * TUSZ v2.0.3 event labels (Shah et al. 2018, and the corpus' own `nedc_ann_eeg_tools` map): seizure types, then
 * everything that is not a seizure.
 */
const TUSZ_SEIZURES = [
  'seiz',
  'fnsz',
  'gnsz',
  'spsz',
  'cpsz',
  'absz',
  'tnsz',
  'cnsz',
  'tcsz',
  'atsz',
  'mysz',
  'nesz',
];
const TUSZ_OTHERS = [
  'bckg', 'null', 'artf', 'eyem', 'chew', 'shiv', 'musc', 'elpp', 'elst', 'calb', 'hphs', 'trip', 'elec',
  'eyem_chew', 'eyem_shiv', 'eyem_musc', 'eyem_elec', 'chew_shiv', 'chew_musc', 'chew_elec', 'shiv_musc',
  'shiv_elec', 'musc_elec', 'spsw', 'gped', 'pled', 'slow', 'intr', 'spik', 'triw',
]; // biome-ignore format: a table of codes

/** Texts that mean a seizure where a format leaves the wording free (EDF+). */
const FREE_SEIZURES = ['seizure', 'seiz', 'sz'];

const SEIZURES = new Set([...TUSZ_SEIZURES, ...FREE_SEIZURES]);
const OTHERS = new Set([...TUSZ_OTHERS, 'impd']);

/**
 * Whether a label means a seizure: true, false, or null for one that is not known. HED-SCORE seizures start with
 * `sz` (BIDS EEG for SzCORE); `impd` marks a stretch with high electrode impedance.
 */
export function isSeizureLabel(label: string): boolean | null {
  const name = label.trim().toLowerCase();
  if (SEIZURES.has(name) || /^sz[_-]/.test(name)) return true;
  return OTHERS.has(name) ? false : null;
}

/** As {@link isSeizureLabel}. @throws InputError `ANNOTATION_LABEL` for an unknown one (failures A2) */
export function knownLabel(label: string, where: string): boolean {
  const isSeizure = isSeizureLabel(label);
  if (isSeizure === null)
    throw new InputError(
      'ANNOTATION_LABEL',
      `${where}: the label '${label}' is not known, so it cannot be told whether it is a seizure. Known are ${TUSZ_SEIZURES.join(', ')}, sz_* (seizures) and ${TUSZ_OTHERS.slice(0, 3).join(', ')}, impd and the like (not).`,
    );
  return isSeizure;
}
