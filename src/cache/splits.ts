import { join } from 'node:path';
import { SPLITS, type Split } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { patientOf } from './patient.ts';
import { devPatients, type Fold, foldPatients } from './split-draw.ts';
import { readSplitFile } from './split-file.ts';
import { findSources } from './split-sources.ts';

/** How recordings are divided; see {@link assignRecordings}. */
export interface SplitChoice {
  readonly dataDirs: readonly string[];
  /** Of what is divided, only this split; where nothing divides, all recordings are of it. */
  readonly split: Split | null;
  /** A file that says which patients are of which split. */
  readonly splitFile?: string | null;
  readonly fold?: Fold | null;
  /** Share of patients that go to dev where nothing else divides them; null where `split` says what all are. */
  readonly validationSplit: number | null;
  readonly seed: number;
  /** Take all recordings as of `split`, whatever division the corpus has: to predict, nothing is divided. */
  readonly isUndivided?: boolean;
  /** `data.patient_pattern` */
  readonly patientPattern?: string | null;
  /** Asked of a recording whose patient cannot be told: whether it may be passed over. */
  readonly mayPassOver?: (entry: string) => boolean;
}

/** A recording and where it belongs. */
export interface Assignment {
  readonly split: Split;
  /** The folder that `name` is relative to. */
  readonly root: string;
  readonly name: string;
  /** `name` as it stands in the split's folder: below its data folder's name if there are several. */
  readonly entry: string;
  readonly patient: string;
}

type Found = Omit<Assignment, 'split'> & { readonly official: Split | null };

/**
 * Finds all recordings and divides them so that no patient is in two splits (failures C1, C2): as the corpus does
 * itself, else by the split file, the fold, or a seeded shuffle of patients (docs/splits.md).
 *
 * @param say is told of what the choice leaves unused
 * @throws InputError `DATA_FOLDER`, `DATA_EMPTY`, `DATA_PATIENT`, `DATA_PATIENTS`, `DATA_SPLITS`, `DATA_FOLD`, `SPLIT_FILE`
 */
export async function assignRecordings(
  choice: SplitChoice,
  say: (sentence: string) => void,
): Promise<Assignment[]> {
  const found = await findAll(choice);
  const official = found.filter(({ official }) => official !== null);
  requireOneDivision(choice, official);
  if (official.length > 0) say(officialSentence(choice, official, official.length < found.length));
  const placed = new Map(official.map(({ patient, official }) => [patient, official!]));
  const free = [...new Set(found.map(({ patient }) => patient).filter((patient) => !placed.has(patient)))];
  const divide = await division(choice, free, say);
  const assigned = found.map(({ official, ...recording }) => ({
    ...recording,
    split: official ?? placed.get(recording.patient) ?? divide(recording.patient),
  }));
  requireDisjoint(assigned);
  const asked = assigned.filter(({ split }) => choice.split === null || split === choice.split);
  if (asked.length === 0)
    throw new InputError(
      'DATA_SPLITS',
      `--split ${choice.split}: none of the ${found.length} recordings is of it. They are of ${SPLITS.filter((split) => assigned.some((recording) => recording.split === split)).join(' and ')}.`,
    );
  return asked;
}

/** Says of each patient which split it is of. */
async function division(
  { split, isUndivided = false, splitFile = null, fold = null, validationSplit, seed }: SplitChoice,
  patients: readonly string[],
  say: (sentence: string) => void,
): Promise<(patient: string) => Split> {
  if (isUndivided) return () => split ?? 'train';
  if (splitFile !== null) {
    const listed = await readSplitFile(splitFile, patients);
    return (patient) => listed.get(patient)!;
  }
  // Where nothing is divided, --split says what all are.
  if (fold === null && (!validationSplit || patients.length === 0)) return () => split ?? 'train';
  if (fold === null && patients.length === 1)
    say(
      `All recordings are of one patient, ${patients[0]}: they are for training, and there is no dev split.`,
    );
  const dev =
    fold === null ? devPatients(patients, validationSplit ?? 0, seed) : foldPatients(patients, fold, seed);
  return (patient) => (dev.has(patient) ? 'dev' : 'train');
}

function requireOneDivision(
  { splitFile = null, fold = null }: SplitChoice,
  official: readonly Found[],
): void {
  const named = [splitFile && 'data.split_file', fold && '--fold'].filter((name) => name !== null);
  if (named.length > 1)
    throw new InputError('DATA_SPLITS', `${named.join(' and ')} each say how to divide. Give one of them.`);
  if (official.length > 0 && named.length > 0)
    throw new InputError(
      'DATA_SPLITS',
      `${official[0]!.root} is of a corpus with an official split, which ${named[0]} would break up. Leave ${named[0]} out, or give recordings without the folders train, dev and eval.`,
    );
}

function officialSentence({ split }: SplitChoice, official: readonly Found[], areOthers: boolean): string {
  const splits = SPLITS.filter((each) => official.some((recording) => recording.official === each));
  const used = split === null ? splits.join(', ') : `${split} of ${splits.join(', ')}`;
  return `The official split of the corpus is used (${used}); validation_split is ignored${areOthers ? ' for its recordings' : ''}.`;
}

/** @throws InputError `DATA_PATIENTS` naming a patient in two splits (failures C1) */
function requireDisjoint(assigned: readonly Assignment[]): void {
  const first = new Map<string, Assignment>();
  for (const recording of assigned) {
    const other = first.get(recording.patient) ?? recording;
    first.set(recording.patient, other);
    if (other.split !== recording.split)
      throw new InputError(
        'DATA_PATIENTS',
        `${recording.patient} is in two splits: ${join(other.root, other.name)} is ${other.split}, ${join(recording.root, recording.name)} is ${recording.split}. A score on patients that were trained on means nothing; move or remove one.`,
      );
  }
}

async function findAll({
  dataDirs,
  isUndivided = false,
  patientPattern = null,
  mayPassOver = () => false,
}: SplitChoice): Promise<Found[]> {
  const found: Found[] = [];
  const nameless: InputError[] = [];
  for (const { root, names, official, label } of await findSources(dataDirs, { isUndivided }))
    for (const name of names) {
      const patient = patientOrError(name, patientPattern);
      const entry = dataDirs.length > 1 ? `${label}/${name}` : name;
      if (!(patient instanceof InputError)) found.push({ root, name, official, patient, entry });
      else if (!mayPassOver(entry)) nameless.push(patient);
    }
  const [first] = nameless;
  if (first !== undefined)
    throw new InputError(
      first.code,
      `${first.message}${nameless.length > 1 ? ` ${nameless.length} of ${found.length + nameless.length} recordings are like it.` : ''}`,
    );
  if (found.length === 0)
    throw new InputError(
      'DATA_EMPTY',
      `${dataDirs.join(', ')} holds no recordings: expected .edf or .bdf files in it or below. Check the path.`,
    );
  return found;
}

function patientOrError(name: string, pattern: string | null): string | InputError {
  try {
    return patientOf(name, pattern);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}
