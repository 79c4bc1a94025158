import type { Draws } from '../draws.ts';
import type { Syndrome } from '../patient.ts';

/**
 * TUSZ's types: focal non-specific, simple and complex partial, generalised non-specific, tonic, tonic-clonic,
 * absence.
 */
export type SeizureType = 'fnsz' | 'spsz' | 'cpsz' | 'gnsz' | 'tnsz' | 'tcsz' | 'absz';

const TYPES: Readonly<Record<Syndrome, Readonly<Partial<Record<SeizureType, number>>>>> = {
  temporal: { cpsz: 0.5, fnsz: 0.4, spsz: 0.1 },
  frontal: { fnsz: 0.6, tnsz: 0.2, cpsz: 0.2 },
  parietal: { fnsz: 0.6, spsz: 0.25, cpsz: 0.15 },
  occipital: { fnsz: 0.6, spsz: 0.4 },
  'tonic-clonic': { tcsz: 0.65, fnsz: 0.35 },
  generalised: { gnsz: 0.7, tnsz: 0.3 },
  absence: { absz: 1 },
};

/** s: what is longer is no tonic seizure, what is shorter is no tonic-clonic one. */
const LONGEST_TONIC_S = 40;
const SHORTEST_TONIC_CLONIC_S = 30;

/** Type of a seizure of a duration, in a patient of a syndrome. */
export function drawType(draws: Draws, syndrome: Syndrome, durationS: number): SeizureType {
  const type = draws.weighted(TYPES[syndrome] as Record<SeizureType, number>);
  const isFocal = syndrome !== 'generalised';
  if (type === 'tnsz' && durationS > LONGEST_TONIC_S) return isFocal ? 'fnsz' : 'gnsz';
  if (type === 'tcsz' && durationS < SHORTEST_TONIC_CLONIC_S) return 'fnsz';
  return type;
}

/** Whether a seizure of this type begins everywhere at once. */
export function isGeneralised(type: SeizureType): boolean {
  return type === 'gnsz' || type === 'absz';
}
