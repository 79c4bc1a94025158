import type { Config } from '../config/index.ts';

/** Fields that decide nothing unless another has a certain value. */
interface Condition {
  readonly fields: RegExp;
  readonly isUsed: (config: Config) => boolean;
  /** Why they decide nothing, in both configurations. */
  readonly because: string;
}

const CONDITIONS: readonly Condition[] = [
  {
    fields: /^data\.(balance\.|allow_unbalanced_fallback$)/,
    isUsed: ({ data }) => data.use_balanced_sampling,
    because: 'it is of data.use_balanced_sampling: true',
  },
  {
    fields: /^preprocessing\.length$/,
    isUsed: ({ preprocessing }) => preprocessing.resample === 'fft',
    because: 'it is of preprocessing.resample: fft',
  },
  {
    fields: /^preprocessing\.running_time_constant_s$/,
    isUsed: ({ preprocessing }) => preprocessing.normalize === 'running',
    because: 'it is of preprocessing.normalize: running',
  },
  {
    fields: /^model\.rescnn\.(kernel_sizes|dropout)$/,
    isUsed: ({ model }) => model.rescnn.n_blocks > 0,
    because: 'both have model.rescnn.n_blocks: 0',
  },
  {
    fields: /^model\.mamba\.(?!n_layers)/,
    isUsed: ({ model }) => model.mamba.n_layers > 0,
    because: 'both have model.mamba.n_layers: 0',
  },
  {
    fields: /^postprocessing\.events\.confidence_percentile$/,
    isUsed: ({ postprocessing }) => postprocessing.events.confidence_method === 'percentile',
    because: 'it is of postprocessing.events.confidence_method: percentile',
  },
  {
    fields: /^training\.focal_(alpha|gamma)$/,
    isUsed: ({ training }) => training.loss === 'focal',
    because: 'it is of training.loss: focal',
  },
  {
    fields: /^training\.momentum$/,
    isUsed: ({ training }) => training.optimizer === 'sgd',
    because: 'it is of training.optimizer: sgd',
  },
];

/** Why a field decides nothing in either configuration; null where it does in one of them. */
export function unusedBecause(field: string, a: Config, b: Config): string | null {
  const unused = CONDITIONS.find(({ fields, isUsed }) => fields.test(field) && !isUsed(a) && !isUsed(b));
  return unused?.because ?? null;
}
