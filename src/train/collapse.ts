import type { Config } from '../config/index.ts';
import type { Metrics } from './loop.ts';

type Guards = Config['training']['guards'];

/** Why an evaluation looks as if the model had collapsed; null where it does not, or where nothing can be said. */
export function collapseIn(metrics: Metrics, guards: Guards): string | null {
  const { auroc = null, highest_probability: highest = null } = metrics;
  if (highest !== null && auroc !== null && highest < guards.collapse_probability)
    return `no sample of dev got a probability above ${highest.toPrecision(2)}: the model says no to everything`;
  if (auroc !== null && auroc < guards.collapse_auroc)
    return `the AUROC on dev is ${auroc.toFixed(3)}, and chance is 0.5`;
  return null;
}

/**
 * What may have made a model collapse, likely ones first, from what the run knows of itself.
 *
 * @param positiveShare of the samples of the last epoch
 */
export function likelyCauses(
  { training, data }: Pick<Config, 'training' | 'data'>,
  positiveShare: number | null,
): string[] {
  const { loss, focal_alpha, pos_weight, learning_rate } = training;
  const isWeighted = pos_weight !== null || (loss === 'focal' && focal_alpha > 0.5);
  return [
    positiveShare === 0
      ? 'no batch of the last epoch held a seizure sample: look at the census of build-cache and scan-cache'
      : null,
    positiveShare !== null && positiveShare > 0 && positiveShare < 0.05 && !isWeighted
      ? `only ${(100 * positiveShare).toPrecision(2)} % of the samples were seizure: ${data.use_balanced_sampling ? 'lower data.balance.background_ratio' : 'set data.use_balanced_sampling'}, or set training.pos_weight to auto`
      : null,
    loss === 'focal' && focal_alpha < 0.5
      ? `training.focal_alpha ${focal_alpha} weighs seizure less than background: 0.5 favours neither`
      : null,
    `training.learning_rate ${learning_rate} may be too high (the loss jumps) or too low (it does not fall)`,
    'labels may not belong to their recordings, or the montage may differ between train and dev: look at scan-cache and bgb edf',
  ].filter((cause) => cause !== null);
}
