import { InputError } from '../errors.ts';

export const SPLITS = ['train', 'dev', 'eval'] as const;

export type Split = (typeof SPLITS)[number];

/** The split that a user names; `val` means `dev` (failures C4). @throws InputError `CONFIG_SPLIT` */
export function splitOf(name: string): Split {
  if (name === 'val') return 'dev';
  const split = SPLITS.find((known) => known === name);
  if (split !== undefined) return split;
  throw new InputError(
    'CONFIG_SPLIT',
    `Expected a split (train, dev or eval; val means dev), found '${name}'.`,
  );
}
