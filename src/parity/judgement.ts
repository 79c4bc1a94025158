/** What follows from one difference. */
export type Judgement =
  /** They are different trainings. */
  | { readonly kind: 'must_equal' }
  /** They may differ, and this follows from it. */
  | { readonly kind: 'may_differ'; readonly consequence: string }
  /** Nothing follows from it. */
  | { readonly kind: 'free'; readonly because: string };

export const MUST_EQUAL: Judgement = { kind: 'must_equal' };

export function mayDiffer(consequence: string): Judgement {
  return { kind: 'may_differ', consequence };
}

export function free(because: string): Judgement {
  return { kind: 'free', because };
}

export const FREE_REASONS = {
  PLACE: free('where things lie'),
  LOADER: free('how windows are read, not which'),
  SHOWN: free('what is shown or logged'),
  KEPT: free('what is saved, and when'),
  IGNORED: free('bgb ignores it'),
  REPEATS: free('it repeats another field'),
} as const;
