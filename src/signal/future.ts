import type { Config } from '../config/index.ts';

/**
 * Settings under which a sample depends on what was recorded more than 0.1 s later, as `field: value`: scores of a
 * detector that is to run while recording must not rest on them. Empty where it could run so.
 */
export function futureUses({
  resample,
  filter,
  normalize,
}: Pick<Config['preprocessing'], 'resample' | 'filter' | 'normalize'>): string[] {
  return [
    ...(resample === 'fft' ? ['resample: fft'] : []),
    ...(filter === 'zero_phase' ? ['filter: zero_phase'] : []),
    ...(normalize === 'recording' || normalize === 'robust' ? [`normalize: ${normalize}`] : []),
  ];
}
