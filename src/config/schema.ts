import { z } from 'zod';
import { isMetricName, METRIC_NAMES, type MetricName } from './metric.ts';
import { patientPatternProblem } from './patient-pattern.ts';

/**
 * The configuration as users write it in YAML: the same names, the same nesting. Every field has a default, so
 * that a file states only what it changes. What each field does, or why it is ignored, stands in fields.ts;
 * rules that join several fields stand in agreement.ts and checks.ts.
 *
 * Descriptions (`describe`) and refinements are written as what was expected: they end up behind "expected" in
 * messages.
 */

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.int().positive();
const countOrZero = z.int().nonnegative();
const shareBelowOne = z.number().min(0).lt(1);
/** Odd, so that "same" padding is symmetric and a window's labels stay in place. */
const oddKernel = count.refine((size) => size % 2 === 1, 'an odd number of samples');

/** What a label is that bgb does not know; what it knows stands in the annotations room. */
const labels = z.record(
  z.string().min(1),
  z.enum(['seizure', 'background', 'excluded']).describe('seizure, background or excluded'),
);

const data = z.strictObject({
  dataset: z.string().min(1).default('tuh_eeg'),
  data_dir: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe('a folder or a list of folders')
    .nullable()
    .default(null),
  /** Recordings that are left out, as entries are called: below the data folder, with their ending. */
  exclude: z
    .array(z.string().min(1))
    .describe('a list of recordings, as in [chb01/chb01_03.edf]')
    .default([]),
  cache_dir: z.string().min(1).default('cache'),
  labels: labels.describe('a map of labels, as in {artf: background}').default({}),
  /** Hz */
  sampling_rate: positive.max(100_000).default(256),
  n_channels: count.default(19),
  /** s */
  window_size: positive.default(60),
  /** s */
  stride: positive.default(10),
  residency: z.enum(['auto', 'device', 'host', 'disk']).default('auto'),
  num_workers: countOrZero.default(0),
  pin_memory: z.boolean().default(false),
  persistent_workers: z.boolean().default(false),
  prefetch_factor: count.nullable().default(null),
  validation_split: shareBelowOne.default(0.2),
  /** Over the path below the data folder; its one group is the patient. */
  patient_pattern: z
    .string()
    .max(200)
    .refine((pattern) => patientPatternProblem(pattern) === null)
    .describe("a regular expression with one group, none of them repeated, as in '^([^/]+)/'")
    .nullable()
    .default(null),
  split_file: z.string().min(1).nullable().default(null),
  use_balanced_sampling: z.boolean().default(true),
  /** How many windows an epoch of balanced sampling holds for each with part of a seizure. */
  balance: z
    .strictObject({
      full_ratio: z.number().nonnegative().default(0.3),
      background_ratio: z.number().nonnegative().default(2.5),
      redraw_each_epoch: z.boolean().default(true),
    })
    .prefault({}),
  allow_unbalanced_fallback: z.boolean().default(false),
  max_samples: count.nullable().default(null),
  max_hours: positive.nullable().default(null),
});

const preprocessing = z.strictObject({
  /** `channels`: those listed in `channels`, in that order. */
  montage: z.enum(['10-20', 'double-banana', 'channels']).default('10-20'),
  channels: z.array(z.string().min(1)).min(1).nullable().default(null),
  reference: z.enum(['as_recorded', 'average']).default('as_recorded'),
  resample: z.enum(['polyphase', 'fft']).default('polyphase'),
  /** Samples that `fft` makes of n: n * rate ratio rounded half to even, or cut to a whole number. */
  length: z.enum(['round', 'int']).default('round'),
  filter: z.enum(['causal', 'zero_phase']).default('causal'),
  /** Hz, low and high edge */
  bandpass: z
    .tuple([positive, positive])
    .refine(([low, high]) => low < high)
    .describe('two rising frequencies in Hz, as in [0.5, 120]')
    .nullable()
    .default([0.5, 120]),
  /** Hz */
  notch_freq: z
    .union([positive, z.array(positive).min(1)])
    .transform((frequencies) => (typeof frequencies === 'number' ? [frequencies] : frequencies))
    .describe('frequencies in Hz, as in 60 or [50, 100]')
    .nullable()
    .default([60]),
  normalize: z
    .union([z.enum(['recording', 'robust', 'running', 'none']), z.boolean()])
    .transform((mode) => (mode === true ? 'recording' : mode === false ? 'none' : mode))
    .describe('one of recording (or true), robust, running, none (or false)')
    .default('recording'),
  /** s, of `normalize: running` */
  running_time_constant_s: positive.default(300),
  /** In standard deviations when normalised. */
  clip: positive.default(10),
  use_mne: z.boolean().default(false),
});

const encoder = z.strictObject({
  stages: count.max(12).default(4),
  channels: z.array(count).min(1).max(12).default([64, 128, 256, 512]),
  kernel_size: oddKernel.default(5),
  downsample_factor: z.int().min(2).max(16).default(2),
});

const rescnn = z.strictObject({
  n_blocks: countOrZero.default(3),
  kernel_sizes: z.array(oddKernel).min(1).default([3, 5, 7]),
  dropout: shareBelowOne.default(0.1),
});

const mamba = z.strictObject({
  n_layers: countOrZero.default(6),
  d_model: count.default(512),
  d_state: count.default(16),
  conv_kernel: count.default(4),
  expand: count.default(2),
  head_dim: count.default(64),
  dropout: shareBelowOne.default(0.1),
});

const decoder = z.strictObject({
  stages: count.max(12).default(4),
  kernel_size: count.default(2),
});

const model = z.strictObject({
  name: z.enum(['seizure_detector']).default('seizure_detector'),
  encoder: encoder.prefault({}),
  rescnn: rescnn.prefault({}),
  mamba: mamba.prefault({}),
  decoder: decoder.prefault({}),
});

const postprocessing = z.strictObject({
  hysteresis: z
    .strictObject({
      tau_on: share.default(0.86),
      tau_off: share.default(0.78),
      min_onset_samples: countOrZero.default(128),
      min_offset_samples: countOrZero.default(256),
    })
    .prefault({}),
  /** Kernels in samples. */
  morphology: z
    .strictObject({ opening_kernel: count.default(11), closing_kernel: count.default(31) })
    .prefault({}),
  duration: z
    .strictObject({
      min_duration_s: z.number().nonnegative().default(3),
      max_duration_s: positive.default(600),
    })
    .prefault({}),
  events: z
    .strictObject({
      /** s */
      tau_merge: z.number().nonnegative().default(2),
      confidence_method: z.enum(['mean', 'peak', 'percentile']).default('mean'),
      confidence_percentile: share.default(0.75),
    })
    .prefault({}),
  /** In samples, where `data` has seconds. */
  stitching: z
    .strictObject({
      method: z.enum(['overlap_add', 'max']).default('overlap_add'),
      window_size: count.default(15_360),
      stride: count.default(2_560),
    })
    .prefault({}),
});

const metricName = z
  .custom<MetricName>(isMetricName)
  .describe(`${METRIC_NAMES.join(', ')} or sensitivity_at_<N>fa with N false alarms in 24 h`);

const training = z.strictObject({
  epochs: count.default(100),
  batch_size: count.default(8),
  loss: z.enum(['focal', 'bce']).default('focal'),
  focal_alpha: share.default(0.5),
  focal_gamma: z.number().nonnegative().default(2),
  pos_weight: z
    .union([z.literal('auto'), positive])
    .describe("'auto' or a number above 0")
    .nullable()
    .default(null),
  learning_rate: positive.default(3e-4),
  weight_decay: z.number().nonnegative().default(0.05),
  optimizer: z.enum(['adamw', 'sgd']).default('adamw'),
  /** Of sgd. */
  momentum: shareBelowOne.default(0.9),
  scheduler: z
    .strictObject({
      type: z.enum(['cosine', 'constant', 'linear']).default('cosine'),
      warmup_ratio: shareBelowOne.default(0.03),
    })
    .prefault({}),
  gradient_clip: positive.nullable().default(1),
  gradient_accumulation_steps: count.default(1),
  mixed_precision: z.boolean().default(true),
  /** TF32 in float32 matrix products and convolutions of a GPU. */
  tf32: z.boolean().default(false),
  /** The same bits on a GPU twice, at some cost in speed; the CPU's are the same anyway. */
  deterministic: z.boolean().default(false),
  /** A run folder, a checkpoint or a .safetensors file whose weights training starts from. */
  init_from: z.string().min(1).nullable().default(null),
  /** Of an exponential moving average of the weights, which is then what is evaluated and saved; null: none. */
  ema_decay: shareBelowOne.nullable().default(null),
  resume: z.boolean().default(false),
  early_stopping: z
    .strictObject({
      /** Evaluations without improvement. */
      patience: count.default(5),
      metric: metricName.default('sensitivity_at_10fa'),
      mode: z.enum(['max', 'min']).default('max'),
    })
    .nullable()
    .prefault({}),
  /** Epochs. */
  checkpoint_interval: count.default(5),
  /** Minutes between two checkpoints within an epoch. */
  checkpoint_minutes: positive.nullable().default(15),
  /** Checkpoints to resume from that are kept, the last one and those before it. */
  keep_checkpoints: count.default(3),
  guards: z
    .strictObject({
      /** Steps in a row without a finite loss and gradient that stop the run. */
      skipped_steps: count.default(20),
      /** Evaluations in a row that look collapsed and stop the run; null: never. */
      collapse_epochs: count.nullable().default(5),
      /** An evaluation looks collapsed below this AUROC. */
      collapse_auroc: share.default(0.55),
      /** It also does where no sample of dev gets a probability above this one. */
      collapse_probability: share.default(0.1),
    })
    .prefault({}),
  augmentation: z
    .strictObject({
      /** Bounds of a log-uniform gain for each window. */
      gain: z
        .tuple([positive, positive])
        .refine(([low, high]) => low <= high)
        .describe('two rising factors, as in [0.3, 3]')
        .nullable()
        .default(null),
      /** Turn half of the windows over. */
      polarity: z.boolean().default(false),
      /** Share of each window's channels that are set to zero. */
      channel_dropout: shareBelowOne.default(0),
      /** Let left and right change places in half of the windows. */
      left_right_flip: z.boolean().default(false),
      /** Put each window's channels in a random order. */
      channel_shuffle: z.boolean().default(false),
    })
    .prefault({}),
});

const evaluation = z.strictObject({
  metrics: z
    .array(z.enum(['taes', 'sensitivity', 'specificity', 'auroc', 'average_precision', 'f1']))
    .default(['taes', 'sensitivity', 'specificity', 'auroc']),
  /** False alarms in 24 h at which sensitivity is reported. */
  fa_rates: z.array(positive).default([10, 5, 2.5, 1]),
  save_predictions: z.boolean().default(false),
  save_plots: z.boolean().default(false),
});

const experiment = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]*\w[\w.-]*$/)
    .describe('a name of letters, digits, points, hyphens and underscores')
    .default('bgb'),
  description: z.string().default(''),
  seed: z.int().nonnegative().max(0xffff_ffff).default(42),
  device: z.enum(['auto', 'cpu', 'cuda']).default('auto'),
  output_dir: z.string().min(1).default('results/bgb'),
  cache_dir: z.string().min(1).default('cache'),
  log_level: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']).default('INFO'),
  save_model: z.boolean().default(true),
  save_best_only: z.boolean().default(false),
  wandb: z
    .strictObject({
      enabled: z.boolean().default(false),
      project: z.string().nullable().default(null),
      entity: z.string().nullable().default(null),
      tags: z.array(z.string()).default([]),
    })
    .prefault({}),
});

const logging = z.strictObject({
  log_every_n_steps: count.default(50),
  log_gradients: z.boolean().default(false),
  log_weights: z.boolean().default(false),
});

const resources = z.strictObject({
  max_memory_gb: positive.nullable().default(null),
  /** null: the usable cores. */
  threads: count.nullable().default(null),
  /** Processes of this machine that train together, each with a part of every batch; `auto`: one a GPU. */
  processes: z
    .union([count, z.literal('auto')])
    .describe("a number of processes, or 'auto'")
    .default(1),
  /** Stands for `processes: auto`. */
  distributed: z.boolean().default(false),
  compile_model: z.boolean().default(false),
  mixed_precision: z.boolean().default(true),
});

export const configSchema = z.strictObject({
  data: data.prefault({}),
  preprocessing: preprocessing.prefault({}),
  model: model.prefault({}),
  postprocessing: postprocessing.prefault({}),
  training: training.prefault({}),
  evaluation: evaluation.prefault({}),
  experiment: experiment.prefault({}),
  logging: logging.prefault({}),
  resources: resources.prefault({}),
});

/** A whole configuration: every field present, every value checked. */
export type Config = z.output<typeof configSchema>;

/** Number of channels that the montage yields; the channels themselves are the signal room's. */
export function channelCount({ montage, channels }: Config['preprocessing']): number {
  return montage === 'channels' ? (channels?.length ?? 0) : { '10-20': 19, 'double-banana': 18 }[montage];
}
