/** Values of an entry's `labels`; 0 is background. */
export const SEIZURE = 1;
export const EXCLUDED = 2;
