import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type Split, splitOf } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';

/** All scalars are text: patients of old TUSZ releases are digits with zeros in front. */
const splitFileSchema = z
  .partialRecord(z.enum(['train', 'dev', 'val', 'eval']), z.array(z.string().min(1)))
  .refine((splits) => Object.keys(splits).length > 0);

/**
 * Reads `data.split_file`: a YAML map of train, dev (or val) and eval to lists of patients (docs/splits.md).
 *
 * @param patients all patients of the data: each must be in one list, and none else
 * @throws InputError `SPLIT_FILE`
 */
export async function readSplitFile(path: string, patients: readonly string[]): Promise<Map<string, Split>> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new InputError('SPLIT_FILE', `The split file ${path}: ${problem}`, { cause });
  };
  const content = await readFile(path, 'utf8').catch((cause) => refuse(`${messageOf(cause)}.`, cause));
  const lines = new LineCounter();
  const document = parseDocument(content, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) refuse(`line ${lines.linePos(error.pos[0]).line}: ${error.message}.`, error);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    refuse(`${messageOf(cause)}.`, cause);
  }
  const parsed = splitFileSchema.safeParse(value);
  if (!parsed.success)
    return refuse('expected lists of patients under train, dev and eval, such as "dev: [chb03, chb05]".');
  const splits = new Map<string, Split>();
  for (const [name, listed] of Object.entries(parsed.data))
    for (const patient of listed) {
      const split = splitOf(name);
      if ((splits.get(patient) ?? split) !== split)
        refuse(`${patient} is in both ${splits.get(patient)} and ${split}. Name each patient once.`);
      splits.set(patient, split);
    }
  const unknown = [...splits.keys()].filter((patient) => !patients.includes(patient));
  if (unknown.length > 0)
    refuse(
      `no recording is of ${few(unknown)}. The patients are ${few(patients)}${unknown.includes('chb21') ? '; chb21 is chb01' : ''}.`,
    );
  const missing = patients.filter((patient) => !splits.has(patient));
  if (missing.length > 0) refuse(`it does not say where ${few(missing)} belong. Name every patient.`);
  return splits;
}

function few(names: readonly string[]): string {
  return `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
}
