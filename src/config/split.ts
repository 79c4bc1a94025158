import { InputError } from '../errors.ts';

export const SPLITS = ['train', 'dev', 'eval'] as const;

export type Split = (typeof SPLITS)[number];

/** The split that a folder is called after, `val` for `dev`; null for any other name. */
export function splitNamed(name: string): Split | null {
  return name === 'val' ? 'dev' : (SPLITS.find((split) => split === name) ?? null);
}

/** The split that a user names; `val` means `dev` (failures C4). @throws InputError `CONFIG_SPLIT` */
export function splitOf(name: string): Split {
  const split = splitNamed(name);
  if (split !== null) return split;
  throw new InputError(
    'CONFIG_SPLIT',
    `Expected a split (train, dev or eval; val means dev), found '${name}'.`,
  );
}
