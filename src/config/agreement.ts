import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { metricOf, modeOf } from './metric.ts';
import { type Config, channelCount } from './schema.ts';

/**
 * Fields that follow from others. Where only the others are stated, the field is derived; where both are, they
 * must agree, since nobody can tell which was meant (failures D4).
 */
export interface Agreement {
  readonly field: string;
  readonly follows: string;
  /** Further fields that the expected value takes. */
  readonly and?: readonly string[];
  readonly expected: (config: Config) => unknown;
  /** `field` may be stated alone, and `follows` then takes its value. */
  readonly isMutual?: true;
  /** Whether two stated values mean the same though they are not equal. */
  readonly isSame?: (a: unknown, b: unknown) => boolean;
  /** `field` may differ. */
  readonly isOnlyDefault?: true;
}

/** In order: a later one may follow from a field that an earlier one derived. */
export const AGREEMENTS: readonly Agreement[] = [
  {
    field: 'experiment.cache_dir',
    follows: 'data.cache_dir',
    expected: ({ data }) => data.cache_dir,
    isMutual: true,
    isSame: isSameFolder,
  },
  {
    field: 'resources.mixed_precision',
    follows: 'training.mixed_precision',
    expected: ({ training }) => training.mixed_precision,
    isMutual: true,
  },
  {
    field: 'experiment.output_dir',
    follows: 'experiment.name',
    expected: ({ experiment }) => `results/${experiment.name}`,
    isOnlyDefault: true,
  },
  {
    field: 'preprocessing.montage',
    follows: 'preprocessing.channels',
    expected: ({ preprocessing: { montage, channels } }) => (channels === null ? montage : 'channels'),
  },
  {
    field: 'data.n_channels',
    follows: 'preprocessing.montage',
    and: ['preprocessing.channels'],
    expected: ({ preprocessing }) => channelCount(preprocessing),
  },
  {
    field: 'model.encoder.stages',
    follows: 'model.encoder.channels',
    expected: ({ model }) => model.encoder.channels.length,
  },
  {
    field: 'model.decoder.stages',
    follows: 'model.encoder.stages',
    expected: ({ model }) => model.encoder.stages,
  },
  {
    field: 'model.mamba.d_model',
    follows: 'model.encoder.channels',
    expected: ({ model }) => model.encoder.channels.at(-1),
  },
  {
    field: 'postprocessing.stitching.window_size',
    follows: 'data.window_size',
    and: ['data.sampling_rate'],
    expected: ({ data }) => Math.round(data.window_size * data.sampling_rate),
  },
  {
    field: 'postprocessing.stitching.stride',
    follows: 'data.stride',
    and: ['data.sampling_rate'],
    expected: ({ data }) => Math.round(data.stride * data.sampling_rate),
  },
  {
    field: 'training.early_stopping.mode',
    follows: 'training.early_stopping.metric',
    expected: ({ training }) => training.early_stopping && modeOf(metricOf(training.early_stopping.metric)),
  },
];

/** Whether two paths lead to one place, through whatever links. */
function isSameFolder(a: unknown, b: unknown): boolean {
  const [one, other] = [resolve(String(a)), resolve(String(b))];
  if (one === other) return true;
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    // What is not there yet is no link.
    return false;
  }
}
