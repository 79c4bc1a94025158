/** Where a value of the resolved configuration comes from. */
export type Origin =
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'set' }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'derived'; readonly from: string }
  | { readonly kind: 'default' };

/** `train.yaml:12`, `--set`, `BGB_DEVICE`, `from data.window_size`, `default`. */
export function originText(origin: Origin): string {
  if (origin.kind === 'file') return `${origin.path}:${origin.line}`;
  if (origin.kind === 'set') return '--set';
  if (origin.kind === 'environment') return origin.variable;
  return origin.kind === 'derived' ? `from ${origin.from}` : 'default';
}

/** {@link originText} of each, by dotted field. */
export function originTexts(origins: ReadonlyMap<string, Origin>): Record<string, string> {
  return Object.fromEntries([...origins].map(([field, origin]) => [field, originText(origin)]));
}
