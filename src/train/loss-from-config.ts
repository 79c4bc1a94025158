import type { Manifest } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import type { Loss } from './loss.ts';

/** The loss that a configuration describes; `pos_weight: auto` follows from what the split holds. */
export function lossFrom(
  { loss, focal_alpha, focal_gamma, pos_weight }: Config['training'],
  { recorded_s, seizure_seconds }: Pick<Manifest, 'recorded_s' | 'seizure_seconds'>,
): Loss {
  // Square-root scaled, so that rare seizures count more without drowning the rest.
  const counted = Math.sqrt(Math.max(recorded_s - seizure_seconds, 0) / Math.max(seizure_seconds, 1e-9));
  const positiveWeight = pos_weight === 'auto' ? counted : (pos_weight ?? 1);
  if (loss === 'bce') return { kind: 'bce', positiveWeight };
  return { kind: 'focal', alpha: focal_alpha, gamma: focal_gamma, positiveWeight };
}
