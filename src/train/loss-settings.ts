import type { Manifest } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import type { Loss } from './loss.ts';

/** Seconds of a split by what trains, as its manifest counts them. */
type Counts = Pick<Manifest, 'recorded_s' | 'seizure_seconds' | 'excluded_labels'>;

/** The loss that a configuration asks for; `pos_weight: auto` takes the counts of the train split's manifest. */
export function lossFrom(
  { loss, focal_alpha, focal_gamma, pos_weight }: Config['training'],
  counts: Counts,
): Loss {
  const positiveWeight = pos_weight === 'auto' ? countedWeight(counts) : (pos_weight ?? 1);
  return loss === 'bce'
    ? { kind: 'bce', positiveWeight }
    : { kind: 'focal', alpha: focal_alpha, gamma: focal_gamma, positiveWeight };
}

/**
 * The root of background by seizure, so that rare seizures count more without drowning the rest; 1 where there is none of
 * either.
 */
export function countedWeight(counts: Counts): number {
  const { seizure_seconds: seizure } = counts;
  const background = countedSeconds(counts) - seizure;
  return seizure > 0 && background > 0 ? Math.sqrt(background / seizure) : 1;
}

/** Share of seizure in the whole recordings of a split, without what is excluded; null where nothing is left. */
export function prevalenceOf(counts: Counts): number | null {
  const seconds = countedSeconds(counts);
  return seconds > 0 ? Math.min(1, counts.seizure_seconds / seconds) : null;
}

function countedSeconds({ recorded_s, excluded_labels = {} }: Counts): number {
  return recorded_s - Object.values(excluded_labels).reduce((sum, seconds) => sum + seconds, 0);
}

/** By how much a loss weighs a seizure sample more than a background one. */
export function lossOdds(loss: Loss): number {
  return loss.kind === 'bce' ? loss.positiveWeight : (loss.positiveWeight * loss.alpha) / (1 - loss.alpha);
}

/** The loss in a sentence, for the log. */
export function describeLoss(loss: Loss, { pos_weight }: Config['training']): string {
  const { positiveWeight } = loss;
  const weight =
    pos_weight === null
      ? ''
      : `, seizure weighs ${positiveWeight.toPrecision(4)} times${pos_weight === 'auto' ? ' (auto, from the manifest)' : ''}`;
  return loss.kind === 'bce'
    ? `loss: binary cross-entropy${weight}`
    : `loss: focal, alpha ${loss.alpha}, gamma ${loss.gamma}${weight}`;
}
