import { InputError } from '../errors.ts';

/** Seizure types of TUSZ (the corpus' own label map; Shah et al., Front. Neuroinform. 2018). */
const TUSZ_SEIZURES = [
  ...['seiz', 'fnsz', 'gnsz', 'spsz', 'cpsz', 'absz'],
  ...['tnsz', 'cnsz', 'tcsz', 'atsz', 'mysz', 'nesz'],
];

/** Everything else of that map: background, artefacts, and patterns that are not seizures. */
const TUSZ_OTHERS = [
  ...['bckg', 'null', 'spsw', 'gped', 'pled', 'eybl', 'artf', 'intr', 'slow', 'spik', 'triw'],
  ...['eyem', 'chew', 'shiv', 'musc', 'elpp', 'elst', 'calb', 'hphs', 'trip', 'elec'],
  ...['eyem_chew', 'eyem_shiv', 'eyem_musc', 'eyem_elec', 'chew_shiv', 'chew_musc', 'chew_elec'],
  ...['shiv_musc', 'shiv_elec', 'musc_elec'],
];

/** Texts that mean a seizure where a format leaves the wording free (EDF+). */
const FREE_SEIZURES = ['seizure', 'sz'];

/** HED-SCORE's `sz`, alone or with its type, such as `sz_foc_ia_nm`; SzCORE writes underscores. */
const HED_SEIZURE = /^sz([_-]|$)/;

/** SzCORE's mark of a stretch with high electrode impedance. */
const HED_OTHERS = ['impd'];

const SEIZURES = new Set([...TUSZ_SEIZURES, ...FREE_SEIZURES]);
const OTHERS = new Set([...TUSZ_OTHERS, ...HED_OTHERS]);

/**
 * Whether a label means a seizure: true, false, or null for one that is not known. This is the only table of
 * labels; a label that is missing here is an error wherever a format fixes its labels (failures A2).
 */
export function isSeizureLabel(label: string): boolean | null {
  const name = label.trim().toLowerCase();
  if (SEIZURES.has(name) || HED_SEIZURE.test(name)) return true;
  return OTHERS.has(name) ? false : null;
}

/** As {@link isSeizureLabel}. @throws InputError `ANNOTATION_LABEL` for an unknown one (failures A2) */
export function knownLabel(label: string, where: string): boolean {
  const isSeizure = isSeizureLabel(label);
  if (isSeizure === null)
    throw new InputError(
      'ANNOTATION_LABEL',
      `${where}: the label '${label}' is not known, so it cannot be told whether it is a seizure. Seizures are ${TUSZ_SEIZURES.join(', ')}, sz and sz_*; not seizures are bckg, impd and TUSZ's artefact labels. Correct the label.`,
    );
  return isSeizure;
}

/**
 * As {@link isSeizureLabel} for text that people typed. TUSZ's artefact codes are ordinary notes there ("chew"),
 * and a recording with such a note is not one that somebody searched for seizures.
 */
export function isSeizureText(text: string): boolean | null {
  const name = text.trim().toLowerCase();
  if (isSeizureLabel(name) === true) return true;
  return name === 'bckg' || name === 'background' ? false : null;
}
