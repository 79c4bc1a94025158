import { openEntry } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import type { ReferenceReport } from '../score/index.ts';

/**
 * Compares the references of cache entries with those that a model was trained on: against another one each channel is
 * another signal, and the model's scores are void. Entries and checkpoints that do not say are let pass.
 *
 * @param trainedOn of the checkpoint; null where it does not say
 * @throws InputError `EVALUATE_REFERENCE` unless `isForced`
 */
export function compareReferences(
  entries: readonly { folder: string; name: string }[],
  trainedOn: readonly string[] | null,
  isForced: boolean,
): ReferenceReport {
  const found = new Set<string>();
  const mismatched: { name: string; reference: string }[] = [];
  for (const { folder, name } of entries) {
    using entry = openEntry(folder, name);
    const { reference } = entry.provenance;
    found.add(reference);
    if (isOtherReference(reference, trainedOn)) mismatched.push({ name, reference });
  }
  const [first] = mismatched;
  if (first !== undefined && !isForced)
    throw new InputError(
      'EVALUATE_REFERENCE',
      `${first.name} is recorded against ${first.reference}, the model was trained on ${trainedOn!.join(', ')}: its channels are other signals than those the model knows (${mismatched.length} of ${entries.length} recordings). Train with preprocessing.reference: average, which makes references alike, or predict all the same with --force.`,
    );
  return { trained_on: trainedOn, found: [...found].sort(), mismatched: mismatched.length };
}

/** Whether a recording is recorded against what the model was not trained on; false where either does not say. */
export function isOtherReference(reference: string, trainedOn: readonly string[] | null): boolean {
  if (trainedOn === null) return false;
  const known = new Set(trainedOn.flatMap(partsOf));
  return !known.has(UNKNOWN) && partsOf(reference).some((part) => part !== UNKNOWN && !known.has(part));
}

/** Of an entry made elsewhere. */
const UNKNOWN = 'unknown';

function partsOf(reference: string): string[] {
  return reference.replace(/^mixed: /, '').split(', ');
}
