import { InputError } from '../../errors.ts';
import type { AnnotationFile, AnnotationFiles } from './annotation-files.ts';

/** A recording's two annotations; null where the hypothesis is missing. */
export interface RecordingPair {
  readonly reference: AnnotationFile;
  readonly hypothesis: AnnotationFile | null;
}

export interface Pairing {
  /** One a reference, in the order of their keys. */
  readonly pairs: readonly RecordingPair[];
  /** Hypotheses of no reference. */
  readonly unpaired: readonly AnnotationFile[];
}

/**
 * Which hypothesis belongs to which reference: two files that are given belong together whatever their names; else
 * those with the same path below their folders, endings aside; else those with the same name, if no other recording
 * of either side has it.
 *
 * @throws InputError `SCORE_PAIRING` where a name does not tell which, or where there are hypotheses and none has a
 * reference
 */
export function pairRecordings(references: AnnotationFiles, hypotheses: AnnotationFiles): Pairing {
  if (!references.isFolder && !hypotheses.isFolder)
    return {
      pairs: [{ reference: references.files[0]!, hypothesis: hypotheses.files[0]! }],
      unpaired: [],
    };
  const byKey = new Map(hypotheses.files.map((file) => [file.key, file]));
  const paired = new Map<AnnotationFile, AnnotationFile>();
  for (const reference of references.files) {
    const hypothesis = byKey.get(reference.key);
    if (hypothesis !== undefined) paired.set(reference, hypothesis);
  }
  const taken = new Set(paired.values());
  const left = byName(hypotheses.files.filter((file) => !taken.has(file)));
  for (const [name, sameName] of byName(references.files.filter((file) => !paired.has(file)))) {
    const candidates = left.get(name) ?? [];
    if (candidates.length === 0) continue;
    if (sameName.length > 1 || candidates.length > 1) throw ambiguous(name, sameName, candidates);
    paired.set(sameName[0]!, candidates[0]!);
    taken.add(candidates[0]!);
  }
  if (taken.size === 0 && hypotheses.files.length > 0 && references.files.length > 0)
    throw new InputError(
      'SCORE_PAIRING',
      `None of the ${hypotheses.files.length} hypotheses is of one of the ${references.files.length} references: expected names as ${references.files[0]!.name}, found ${hypotheses.files[0]!.name}. Name annotations after their recordings.`,
    );
  return {
    pairs: references.files.map((reference) => ({ reference, hypothesis: paired.get(reference) ?? null })),
    unpaired: hypotheses.files.filter((file) => !taken.has(file)),
  };
}

function byName(files: readonly AnnotationFile[]): Map<string, AnnotationFile[]> {
  const groups = new Map<string, AnnotationFile[]>();
  for (const file of files) groups.set(file.name, [...(groups.get(file.name) ?? []), file]);
  return groups;
}

function ambiguous(
  name: string,
  references: readonly AnnotationFile[],
  hypotheses: readonly AnnotationFile[],
): InputError {
  const list = (files: readonly AnnotationFile[]) => files.map(({ path }) => path).join(', ');
  return new InputError(
    'SCORE_PAIRING',
    `Cannot tell which hypothesis of ${name} belongs to which reference: expected one of each, found ${list(references)} and ${list(hypotheses)}. Give both sides the same folders below the ones named.`,
  );
}
