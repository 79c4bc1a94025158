import { InputError } from '../errors.ts';
import { sha256 } from '../files/index.ts';

/** Fold `index` of `count`, from 1. */
export interface Fold {
  readonly index: number;
  readonly count: number;
}

/** A seeded choice of whole patients (failures C1, C2): at least one for each side where there are two. */
export function devPatients(patients: readonly string[], share: number, seed: number): Set<string> {
  const least = share > 0 ? 1 : 0;
  const count = Math.min(Math.max(least, Math.round(patients.length * share)), patients.length - 1);
  return new Set(shuffled(patients, seed).slice(0, Math.max(0, count)));
}

/** The patients that are left out in a fold; over all folds each patient once. @throws InputError `DATA_FOLD` */
export function foldPatients(patients: readonly string[], { index, count }: Fold, seed: number): Set<string> {
  if (count > patients.length)
    throw new InputError(
      'DATA_FOLD',
      `--fold ${index}/${count}: there are only ${patients.length} patients to divide. Choose at most that many folds.`,
    );
  return new Set(shuffled(patients, seed).filter((_, at) => at % count === index - 1));
}

/**
 * `2/5`
 *
 * @throws InputError `CLI_FOLD`
 */
export function foldOf(text: string): Fold {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const fold = { index: Number(index), count: Number(count) };
  if (fold.count >= 2 && fold.index >= 1 && fold.index <= fold.count) return fold;
  throw new InputError(
    'CLI_FOLD',
    `--fold: expected k/N with k from 1 to N and N at least 2, such as 1/5, found '${text}'.`,
  );
}

/** Each patient's place hangs on the own name, so that one who is added later hardly moves the others. */
function shuffled(patients: readonly string[], seed: number): string[] {
  return patients
    .map((patient) => ({ patient, draw: sha256(`${seed} ${patient}`) }))
    .sort((a, b) => (a.draw < b.draw ? -1 : 1))
    .map(({ patient }) => patient);
}
