import { own, type Tensor } from '../torch/index.ts';

/** Values of the label mask, as in the cache's `labels.npy`; all else is background. */
const LABEL = { seizure: 1, excluded: 2 } as const;

export type Loss =
  | {
      readonly kind: 'focal';
      readonly alpha: number;
      readonly gamma: number;
      readonly positiveWeight: number;
    }
  | { readonly kind: 'bce'; readonly positiveWeight: number };

/**
 * Mean loss over the samples that are not excluded.
 *
 * Focal: Lin et al. 2017, equation 5; `alpha` weighs seizure, 1 - `alpha` background, so that 0.5 favours
 * neither. Cross-entropy is the same with gamma 0 and no alpha.
 *
 * @param logits (B, T)
 * @param labels (B, T) uint8: 0 background, 1 seizure, 2 excluded
 * @param total () samples that the mean is over, where a batch is only part of what counts
 * @returns () float32, or float64 for such logits; 0 where every sample is excluded
 */
export function lossOf(
  loss: Loss,
  logits: Tensor,
  labels: Tensor,
  total: Tensor = countedSamples(labels),
): Tensor {
  const targets = equals(labels, LABEL.seizure);
  const counted = isCounted(labels);
  const { alpha, gamma } = loss.kind === 'focal' ? loss : { alpha: 0.5, gamma: 0 };
  const perSample = own.focal_loss({ logits: wide(logits), targets, alpha, gamma });
  const scale = loss.kind === 'bce' ? 2 : 1;
  const weights =
    loss.positiveWeight === 1
      ? counted
      : targets
          .mul(loss.positiveWeight - 1)
          .add(1)
          .mul(counted);
  return perSample.mul(weights).sum().mul(scale).div(total.clampMin(1));
}

/** Share of seizure samples among those not excluded, (); `total` as in {@link lossOf}. */
export function positiveShare(labels: Tensor, total: Tensor = countedSamples(labels)): Tensor {
  return equals(labels, LABEL.seizure).sum().div(total.clampMin(1));
}

/** Samples that are not excluded, (). */
export function countedSamples(labels: Tensor): Tensor {
  return isCounted(labels).sum();
}

function isCounted(labels: Tensor): Tensor {
  return equals(labels, LABEL.excluded).neg().add(1);
}

function wide(logits: Tensor): Tensor {
  return logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });
}

function equals(labels: Tensor, value: number): Tensor {
  return labels.eq(value).to({ dtype: 'float32' });
}
