import { readFileSync } from 'node:fs';

/** What scripts/reference/training.py computed with PyTorch in float64. */
export interface Reference {
  readonly schedules: readonly {
    readonly type: 'cosine' | 'linear' | 'constant';
    readonly total: number;
    readonly warmup: number;
    readonly shares: number[];
  }[];
  readonly sgd: readonly {
    readonly momentum: number;
    readonly weight_decay: number;
    readonly values: number[][];
  }[];
  readonly average: readonly { readonly decay: number; readonly values: number[][] }[];
  readonly focal: readonly {
    readonly alpha: number;
    readonly gamma: number;
    readonly positive_weight: number;
    readonly logits: number[];
    readonly targets: number[];
    readonly loss: number;
    readonly gradient: number[];
  }[];
}

export const reference: Reference = JSON.parse(
  readFileSync(new URL('../fixtures/training.json', import.meta.url), 'utf8'),
);
