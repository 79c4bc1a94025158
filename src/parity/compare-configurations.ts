import { canonicalJson } from '../files/index.ts';
import { judge } from './field-classes.ts';
import { type Judgement, MUST_EQUAL } from './judgement.ts';
import type { Side } from './side.ts';
import { type Suspicion, suspicions } from './suspicious.ts';

/** A value and where it was written; null where a configuration has no such field. */
export interface Stated {
  readonly value: unknown;
  readonly origin: string;
}

/** A field in which two configurations differ. */
export interface ConfigurationDifference {
  readonly field: string;
  readonly judgement: Judgement;
  readonly a: Stated | null;
  readonly b: Stated | null;
  /** The field that differs, too, and that it was derived from; null for one that was stated. */
  readonly follows: string | null;
}

/** What a field's difference means where more is known than the configurations say; null where nothing more is. */
export type Settled = (field: string) => Judgement | null;

/** `suspicious`: nothing that differs makes another training, and something looks wrong all the same. */
export type Verdict = 'same' | 'allowed' | 'suspicious' | 'different';

export interface ConfigurationComparison {
  readonly verdict: Verdict;
  /** In the order of the schema; those that must be equal first, then those that something follows from. */
  readonly differences: readonly ConfigurationDifference[];
  readonly suspicions: readonly Suspicion[];
}

const RANK = { must_equal: 0, may_differ: 1, free: 2 } as const;

/** Every difference between two configurations, sorted by what it means, and what looks wrong in either. */
export function compareConfigurations(
  a: Side,
  b: Side,
  settled: Settled = () => null,
): ConfigurationComparison {
  const fields = differingFields(a, b);
  const found = fields.map((field): ConfigurationDifference => {
    const judgement = isHalfMissing(field, a, b) ? MUST_EQUAL : judge(field, a.config, b.config);
    const follows = [a, b].map(({ origins }) => /^from (.+)$/.exec(origins[field] ?? '')?.[1] ?? null);
    return {
      field,
      judgement: settled(field) ?? judgement,
      ...{ a: statedIn(a, field), b: statedIn(b, field) },
      follows: follows.find((each) => each !== null && fields.includes(each)) ?? null,
    };
  });
  const differences = found.toSorted((x, y) => RANK[x.judgement.kind] - RANK[y.judgement.kind]);
  const doubts = suspicions(a, b);
  const isDifferent = differences.some(({ judgement }) => judgement.kind === 'must_equal');
  return {
    verdict: verdictOf({ isDifferent, isSuspicious: doubts.length > 0, isAlike: differences.length === 0 }),
    differences,
    suspicions: doubts,
  };
}

/** The worst that holds. */
export function verdictOf(of: {
  readonly isDifferent: boolean;
  readonly isSuspicious: boolean;
  readonly isAlike: boolean;
}): Verdict {
  if (of.isDifferent) return 'different';
  if (of.isSuspicious) return 'suspicious';
  return of.isAlike ? 'same' : 'allowed';
}

/** Fields of either side in which they differ; a section that one side has as null stands for its fields. */
function differingFields(a: Side, b: Side): string[] {
  const nullSections = [...a.values.keys(), ...b.values.keys()].filter((field) =>
    [a, b].some(({ values }) => [...values.keys()].some((other) => other.startsWith(`${field}.`))),
  );
  const fields = new Set([...a.values.keys(), ...b.values.keys()]);
  return [...fields].filter(
    (field) =>
      !nullSections.some((section) => field.startsWith(`${section}.`)) &&
      canonicalJson(a.values.get(field)) !== canonicalJson(b.values.get(field)),
  );
}

function isHalfMissing(field: string, a: Side, b: Side): boolean {
  return !a.values.has(field) || !b.values.has(field);
}

/** The value of a field, or of the whole section where the other side has none. */
function statedIn(side: Side, field: string): Stated | null {
  const { values, origins } = side;
  if (values.has(field)) return { value: values.get(field), origin: origins[field] ?? 'default' };
  const within = [...values].filter(([name]) => name.startsWith(`${field}.`));
  if (within.length === 0) return null;
  const value = Object.fromEntries(within.map(([name, part]) => [name.slice(field.length + 1), part]));
  const stated = within.map(([name]) => origins[name] ?? 'default');
  return { value, origin: stated.find((origin) => origin !== 'default') ?? 'default' };
}
