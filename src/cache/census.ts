import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Split } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import type { BuildResult } from './build.ts';
import type { Provenance } from './provenance.ts';
import { type Comparison, compareWithTusz, isTuszFormat, isTuszName } from './published.ts';

/** Recordings in = cached + rejected + unlabelled + duplicates. */
export interface Census {
  readonly split: Split;
  readonly folder: string;
  readonly recordings: number;
  readonly cached: number;
  readonly built: number;
  readonly patients: readonly string[];
  readonly hours: number;
  readonly seizures: number;
  readonly seizureSeconds: number;
  readonly seizureSecondsByLabel: Readonly<Record<string, number>>;
  /** Recorded seconds by label that are not trained on, such as `nesz` and `impd`. */
  readonly excludedSecondsByLabel: Readonly<Record<string, number>>;
  /** Annotated events that were cut, not recorded, or outside their recording. */
  readonly eventsLost: Readonly<Record<string, number>>;
  readonly rejected: readonly { name: string; reason: string }[];
  readonly unlabelled: readonly string[];
  /** Recordings that `data.exclude` leaves out, which are none of `recordings`. */
  readonly excluded: readonly string[];
  /** Recordings whose samples are those of another entry, which counts. */
  readonly duplicates: readonly Extract<BuildResult, { outcome: 'duplicate' }>[];
  /** Recordings that there were before `BGB_LIMIT_FILES`; null where all were taken. */
  readonly limitedFrom: number | null;
  /** Beside the published figures, where the corpus is known. */
  readonly published: Comparison | null;
  /** Everything clipped, repaired or left out, by recording. */
  readonly notices: readonly { name: string; notices: readonly string[] }[];
}

/**
 * @param available recordings of the split, of which a limit may have taken fewer
 * @param excluded recordings of the split that were left out on purpose
 */
export function censusOf(
  split: Split,
  folder: string,
  results: readonly BuildResult[],
  { available = results.length, excluded = [] as readonly string[] } = {},
): Census {
  const cached = results.filter((result) => 'provenance' in result);
  const sums = (of: (provenance: Provenance) => Readonly<Record<string, number>>) => {
    const sum: Record<string, number> = {};
    for (const { provenance } of cached)
      for (const [name, count] of Object.entries(of(provenance))) sum[name] = (sum[name] ?? 0) + count;
    return sum;
  };
  const patients = [...new Set(cached.map(({ provenance }) => provenance.patient))].sort();
  const recordedS = cached.reduce((sum, { provenance }) => sum + provenance.recorded_s, 0);
  const seizures = cached.reduce((sum, { provenance }) => sum + provenance.seizures, 0);
  const seizureSeconds = cached.reduce((sum, { provenance }) => sum + seizureSecondsOf(provenance), 0);
  const seizureSecondsByLabel = sums(({ seizure_s_by_label }) => seizure_s_by_label);
  const limitedFrom = available > results.length ? available : null;
  return {
    split,
    folder,
    recordings: results.length,
    cached: cached.length,
    built: cached.filter(({ outcome }) => outcome === 'built' || outcome === 'rebuilt').length,
    patients,
    hours: recordedS / 3600,
    seizures,
    seizureSeconds,
    seizureSecondsByLabel,
    excludedSecondsByLabel: sums(({ excluded_s_by_label }) => excluded_s_by_label),
    eventsLost: sums(({ events_lost }) => events_lost),
    rejected: results.flatMap((result) =>
      result.outcome === 'rejected' ? [{ name: result.name, reason: result.reason }] : [],
    ),
    unlabelled: results.flatMap((result) => (result.outcome === 'unlabelled' ? [result.name] : [])),
    excluded,
    duplicates: results.filter((result) => result.outcome === 'duplicate'),
    limitedFrom,
    published: isTusz(results)
      ? compareWithTusz(
          split,
          {
            files: results.length,
            patients: patients.length,
            seizures,
            seizureSeconds,
            seconds: recordedS,
          },
          { leftOut: results.length - cached.length, limitedFrom },
        )
      : null,
    notices: cached.flatMap(({ name, provenance }) =>
      provenance.notices.length > 0 ? [{ name, notices: provenance.notices }] : [],
    ),
  };
}

function seizureSecondsOf({ seizure_s, seizure_s_by_label }: Provenance): number {
  return seizure_s ?? Object.values(seizure_s_by_label).reduce((sum, seconds) => sum + seconds, 0);
}

function isTusz(results: readonly BuildResult[]): boolean {
  return results.every(
    (result) =>
      isTuszName(result.name) &&
      (!('provenance' in result) || isTuszFormat(result.provenance.annotations[0]!.format)),
  );
}

/** What the last build of a split did not cache, and why, as it stands in the file. */
const lossesSchema = z.strictObject({
  format: z.literal('bgb-census'),
  version: z.literal(2),
  recordings: z.int().nonnegative(),
  cached: z.int().nonnegative(),
  rejected: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  unlabelled: z.array(z.string()),
  /** Left out by `data.exclude`; a census of before there was one lacks it. */
  excluded: z.array(z.string()).default([]),
  /** `key` is what the recording's own entry would have, `of_key` that of the entry that counts. */
  duplicates: z.array(
    z
      .strictObject({
        name: z.string(),
        of: z.string(),
        key: z.string(),
        of_key: z.string(),
        is_labelled_otherwise: z.boolean(),
      })
      .transform(({ of_key, is_labelled_otherwise, ...same }) => ({
        outcome: 'duplicate' as const,
        ...same,
        ofKey: of_key,
        isLabelledOtherwise: is_labelled_otherwise,
      })),
  ),
  /** Recordings that there were before `BGB_LIMIT_FILES`; null where all were taken. */
  limited_from: z.int().nullable(),
});

export type Losses = Pick<
  Census,
  'recordings' | 'cached' | 'rejected' | 'unlabelled' | 'excluded' | 'duplicates' | 'limitedFrom'
>;

export const CENSUS_FILE = 'census.json';

/** Writes a split's losses beside its entries, where `readLosses` finds them; a split without an entry has no folder. */
export async function writeCensus({
  folder,
  recordings,
  cached,
  rejected,
  unlabelled,
  excluded,
  duplicates,
  limitedFrom,
}: Census): Promise<void> {
  if (cached === 0) return;
  const losses: z.input<typeof lossesSchema> = {
    format: 'bgb-census',
    version: 2,
    recordings,
    cached,
    rejected: [...rejected],
    unlabelled: [...unlabelled],
    excluded: [...excluded],
    duplicates: duplicates.map(({ name, of, key, ofKey, isLabelledOtherwise }) => ({
      name,
      of,
      key,
      of_key: ofKey,
      is_labelled_otherwise: isLabelledOtherwise,
    })),
    limited_from: limitedFrom,
  };
  await writeAtomic(join(folder, CENSUS_FILE), `${JSON.stringify(losses, null, 1)}\n`);
}

/**
 * The losses of a split's last build, null where none was finished, or only one that wrote them in an earlier form.
 *
 * @throws InputError `CACHE_CENSUS` when damaged
 */
export async function readLosses(folder: string): Promise<Losses | null> {
  const path = join(folder, CENSUS_FILE);
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (earlierSchema.safeParse(content).success) return null;
    const { format, version, limited_from, ...losses } = lossesSchema.parse(content);
    return { ...losses, limitedFrom: limited_from };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new InputError(
      'CACHE_CENSUS',
      `Cannot read the census ${path}: ${messageOf(cause)}. Run bgb build-cache again, or remove the file.`,
      { cause },
    );
  }
}

const earlierSchema = z.object({ format: z.literal('bgb-census'), version: z.literal(1) });
