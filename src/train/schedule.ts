export interface Schedule {
  type: 'cosine' | 'linear' | 'constant';
  /** Share of all optimiser steps over which the rate rises from 0. */
  warmupRatio: number;
}

/**
 * The learning rate as a share of the configured one at optimiser step `step` (0 is the first) of `total`.
 * Rises linearly over the warm-up, its first step already above 0 (failures F6), then falls to 0 after the last
 * step along half a cosine (Loshchilov and Hutter 2017, SGDR, equation 5 without restarts) or a line.
 */
export function learningRateShare({ type, warmupRatio }: Schedule, step: number, total: number): number {
  const warmup = Math.floor(warmupRatio * total);
  if (step < warmup) return (step + 1) / (warmup + 1);
  if (type === 'constant') return 1;
  const progress = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return type === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
}
