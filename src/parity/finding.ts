/** What two runs differ in, of any kind, with what it can do to them. */
export interface Finding {
  readonly kind: 'configuration' | 'environment' | 'data' | 'manifest';
  /** A field, a split's recording, a count: stable and short. */
  readonly what: string;
  /** Whether runs of one training may differ in it. */
  readonly isAllowed: boolean;
  /**
   * The strongest thing that it can do: other `windows` in a step, another `loss` for the same windows, other last bits of
   * sums (`rounding`), or nothing.
   */
  readonly effect: Effect;
  /** The first step that can show it; the first of all unless given. */
  readonly firstStep?: number;
  readonly a: unknown;
  readonly b: unknown;
  /** As a clause: `experiment.seed is 42 in A and 7 in B`. */
  readonly text: string;
}

export type Effect = 'windows' | 'loss' | 'rounding' | 'none';

/** `experiment.seed is 42 in A and 7 in B`. */
export function clause(what: string, a: unknown, b: unknown): string {
  return `${what} is ${shown(a)} in A and ${shown(b)} in B`;
}

const LONGEST = 60;
/** Digits of a hash that are shown. */
const HASH_DIGITS = 12;

/** A value as it stands in a sentence. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing');
  if (/^[0-9a-f]{64}$/.test(text)) return text.slice(0, HASH_DIGITS);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
