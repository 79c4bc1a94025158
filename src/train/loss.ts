import { own, type Tensor } from '../torch/index.ts';

/** Values of the label mask, as in the cache's `labels.npy`. */
export const LABEL = { background: 0, seizure: 1, excluded: 2 } as const;

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
 * @param labels (B, T) uint8, {@link LABEL}
 * @returns () float32; 0 where every sample is excluded
 */
export function lossOf(loss: Loss, logits: Tensor, labels: Tensor): Tensor {
  const targets = equals(labels, LABEL.seizure);
  const counted = equals(labels, LABEL.excluded).neg().add(1);
  const { alpha, gamma } = loss.kind === 'focal' ? loss : { alpha: 0.5, gamma: 0 };
  const perSample = own.focal_loss({ logits: logits.to({ dtype: 'float32' }), targets, alpha, gamma });
  const scale = loss.kind === 'bce' ? 2 : 1;
  const weights =
    loss.positiveWeight === 1
      ? counted
      : targets
          .mul(loss.positiveWeight - 1)
          .add(1)
          .mul(counted);
  return perSample.mul(weights).sum().mul(scale).div(counted.sum().clampMin(1));
}

/** Share of seizure samples among those not excluded, (). */
export function positiveShare(labels: Tensor): Tensor {
  return equals(labels, LABEL.seizure)
    .sum()
    .div(equals(labels, LABEL.excluded).neg().add(1).sum().clampMin(1));
}

function equals(labels: Tensor, value: number): Tensor {
  return labels.eq(value).to({ dtype: 'float32' });
}
