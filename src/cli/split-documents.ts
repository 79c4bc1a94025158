import type { Comparison } from '../cache/index.ts';

/** Seconds by label, summed over splits. */
export function sumByLabel(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const byLabel of all)
    for (const [label, seconds] of Object.entries(byLabel)) sums[label] = (sums[label] ?? 0) + seconds;
  return sums;
}

/** A comparison with published figures, as `--json` has it. */
export function comparisonDocument(comparison: Comparison | null): object | null {
  if (comparison === null) return null;
  const { corpus, published, found, differences, leftOut, limitedFrom } = comparison;
  return {
    corpus,
    published: figures(published),
    found: figures(found),
    differences: figures(differences),
    left_out: leftOut,
    limited_from: limitedFrom,
  };
}

function figures({ seizureSeconds, seconds, ...counts }: Comparison['differences']): object {
  return {
    ...counts,
    ...(seizureSeconds !== undefined && { seizure_seconds: seizureSeconds }),
    ...(seconds !== undefined && { seconds }),
  };
}
