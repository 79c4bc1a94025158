/** Values of an entry's `labels`. */
export const BACKGROUND = 0;
export const SEIZURE = 1;
export const EXCLUDED = 2;
