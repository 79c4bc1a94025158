import { InputError } from '../errors.ts';

/** What a stretch with a label counts as. */
export type LabelMeaning =
  | 'seizure'
  | 'background'
  /** Neither trained on nor scored. */
  | 'excluded'
  /** Not trained on; background where it is scored. */
  | 'untrained';

/** What a user may say of a label that is not in the table below: `data.labels`. */
export type LabelMap = Readonly<Record<string, 'seizure' | 'background' | 'excluded'>>;

/**
 * The only table of labels: TUSZ's seizure types (Shah et al., Front. Neuroinform. 2018) and HED-SCORE's as SzCORE
 * uses them (Dan et al., Epilepsia 2024). Labels of artefacts and patterns, such as TUAR's and TUEV's, are not in
 * it: whoever drew them did not look for seizures, so that the rest of such a recording is not background.
 */
const MEANINGS: ReadonlyMap<string, LabelMeaning> = new Map([
  ...['seiz', 'gnsz', 'fnsz', 'spsz', 'cpsz', 'absz', 'tnsz', 'cnsz', 'tcsz', 'atsz', 'mysz', 'sz'].map(
    (label) => [label, 'seizure'] as const,
  ),
  ['bckg', 'background'],
  // Non-epileptic: its movements and rhythms look like a seizure's, and are none.
  ['nesz', 'excluded'],
  // High impedance or a check of it: not EEG to learn from, but a detector in use meets it.
  ['impd', 'untrained'],
]);

/** HED-SCORE's `sz` with its type, such as `sz_foc_ia_nm`; some files have hyphens for SzCORE's underscores. */
const TYPED_SEIZURE = /^sz[_-]/;

/** What labels mean: the table, and what a configuration adds to it. */
export interface LabelRules {
  /** null for a label that is not known */
  readonly meaningOf: (label: string) => LabelMeaning | null;
}

const normal = (label: string) => label.trim().toLowerCase();

function fixedMeaning(label: string): LabelMeaning | null {
  const name = normal(label);
  return MEANINGS.get(name) ?? (TYPED_SEIZURE.test(name) ? 'seizure' : null);
}

/**
 * The table with further labels.
 *
 * @throws InputError `ANNOTATION_LABEL_MAP` for one that the table has: its meaning is fixed
 */
export function labelRules(map: LabelMap = {}): LabelRules {
  const added = new Map<string, LabelMeaning>();
  for (const [label, meaning] of Object.entries(map)) {
    const fixed = fixedMeaning(label);
    if (fixed !== null)
      throw new InputError(
        'ANNOTATION_LABEL_MAP',
        `data.labels maps '${label}' to ${meaning}: expected a label that bgb does not know, found one that is always ${fixed}. Remove it.`,
      );
    added.set(normal(label), meaning);
  }
  return { meaningOf: (label) => fixedMeaning(label) ?? added.get(normal(label)) ?? null };
}

/** The rules as data, for keys of what depends on them (failures A8): the table, and what is added to it. */
export function labelRulesRecord(map: LabelMap = {}): Record<string, string> {
  const added = Object.entries(map).map(([label, meaning]) => [normal(label), meaning] as const);
  return Object.fromEntries([...added, ...MEANINGS, [TYPED_SEIZURE.source, 'seizure']]);
}

/** As `rules.meaningOf`. @throws InputError `ANNOTATION_LABEL` for an unknown label (failures A2) */
export function knownMeaning(label: string, rules: LabelRules, where: string): LabelMeaning {
  const meaning = rules.meaningOf(label);
  if (meaning === null)
    throw new InputError(
      'ANNOTATION_LABEL',
      `${where}: the label '${label}' is not known, so it cannot be told whether it is a seizure. Seizures are ${labelsThat('seizure')} and sz_*; not seizures are bckg, nesz (excluded) and impd (not trained on). Correct the label, or say in data.labels what it is: seizure, background or excluded.`,
    );
  return meaning;
}

function labelsThat(meaning: LabelMeaning): string {
  return [...MEANINGS].flatMap(([label, itsMeaning]) => (itsMeaning === meaning ? [label] : [])).join(', ');
}

/** As `rules.meaningOf`, for text that people typed (EDF+): they also write it out. */
export function meaningOfText(text: string, rules: LabelRules): LabelMeaning | null {
  const name = normal(text);
  if (name === 'seizure') return 'seizure';
  return name === 'background' ? 'background' : rules.meaningOf(name);
}
