import type { Config } from './schema.ts';

/** A rule that joins several fields. */
export interface Check {
  /** The field that a message points at, and the others that decide. */
  readonly fields: readonly [string, ...string[]];
  /** What is wrong, as expected and found; null where nothing is. */
  readonly problem: (config: Config) => string | null;
}

/** Rules beyond the schema and {@link AGREEMENTS}. None reads anything but the configuration. */
export const CHECKS: readonly Check[] = [
  {
    fields: ['data.window_size', 'data.sampling_rate'],
    problem: ({ data }) => wholeSamples(data.window_size, data.sampling_rate),
  },
  {
    fields: ['data.stride', 'data.sampling_rate'],
    problem: ({ data }) => wholeSamples(data.stride, data.sampling_rate),
  },
  {
    fields: ['data.stride', 'data.window_size'],
    problem: ({ data }) =>
      data.stride <= data.window_size
        ? null
        : `expected at most data.window_size (${data.window_size} s), found ${data.stride}: samples between two ` +
          'windows would get no prediction.',
  },
  {
    fields: ['preprocessing.bandpass', 'data.sampling_rate'],
    problem: ({ preprocessing, data }) => belowNyquist(preprocessing.bandpass?.[1], data.sampling_rate),
  },
  {
    fields: ['preprocessing.notch_freq', 'data.sampling_rate'],
    problem: ({ preprocessing, data }) =>
      belowNyquist(preprocessing.notch_freq && Math.max(...preprocessing.notch_freq), data.sampling_rate),
  },
  {
    fields: ['preprocessing.channels', 'preprocessing.montage'],
    problem: ({ preprocessing: { montage, channels } }) => {
      if (montage === 'channels' && channels === null)
        return "expected a list of channels beside preprocessing.montage 'channels', found nothing.";
      const twice = channels?.find((channel, index) => channels.indexOf(channel) !== index);
      return twice === undefined ? null : `expected each channel once, found ${twice} again.`;
    },
  },
  {
    fields: ['preprocessing.reference', 'preprocessing.montage'],
    problem: ({ preprocessing: { montage, reference } }) =>
      reference === 'average' && montage === 'double-banana'
        ? "expected 'as_recorded' beside the montage double-banana, found 'average': a bipolar channel is a difference " +
          'of two electrodes, in which any common reference cancels.'
        : null,
  },
  {
    fields: [
      'data.window_size',
      'data.sampling_rate',
      'model.encoder.channels',
      'model.encoder.downsample_factor',
    ],
    problem: ({ data, model }) => {
      const samples = Math.round(data.window_size * data.sampling_rate);
      const { channels, downsample_factor } = model.encoder;
      const totalStride = downsample_factor ** channels.length;
      if (samples % totalStride === 0) return null;
      return (
        `expected a multiple of the encoder's total stride, ${downsample_factor}^${channels.length} = ` +
        `${totalStride} samples, found ${samples} samples (${data.window_size} s at ${data.sampling_rate} Hz).`
      );
    },
  },
  {
    fields: ['model.rescnn.kernel_sizes', 'model.encoder.channels'],
    problem: ({ model }) => {
      const [width, branches] = [model.encoder.channels.at(-1)!, model.rescnn.kernel_sizes.length];
      if (branches <= width) return null;
      return `expected at most ${width} branches, one for each channel of the last encoder stage, found ${branches}.`;
    },
  },
  {
    fields: [
      'model.mamba.head_dim',
      'model.mamba.expand',
      'model.mamba.d_model',
      'model.encoder.channels',
      'model.mamba.n_layers',
    ],
    problem: ({ model }) => {
      const { head_dim, expand, d_model, n_layers } = model.mamba;
      if (n_layers === 0 || (expand * d_model) % head_dim === 0) return null;
      return `expected a divisor of expand * d_model = ${expand * d_model}, found ${head_dim}.`;
    },
  },
  {
    fields: ['model.decoder.kernel_size', 'model.encoder.downsample_factor'],
    problem: ({ model }) => {
      const [kernel, stride] = [model.decoder.kernel_size, model.encoder.downsample_factor];
      if (kernel >= stride && (kernel - stride) % 2 === 0) return null;
      return (
        `expected ${stride}, ${stride + 2}, ${stride + 4} or so on, found ${kernel}: a transposed convolution of ` +
        `stride ${stride} (model.encoder.downsample_factor) multiplies the length by exactly ${stride}, with the same ` +
        'padding on both sides, for these only.'
      );
    },
  },
  {
    fields: ['postprocessing.hysteresis.tau_off', 'postprocessing.hysteresis.tau_on'],
    problem: ({ postprocessing: { hysteresis } }) =>
      hysteresis.tau_off <= hysteresis.tau_on
        ? null
        : `expected at most tau_on (${hysteresis.tau_on}), found ${hysteresis.tau_off}.`,
  },
  {
    fields: ['postprocessing.duration.max_duration_s', 'postprocessing.duration.min_duration_s'],
    problem: ({ postprocessing: { duration } }) =>
      duration.min_duration_s <= duration.max_duration_s
        ? null
        : `expected at least min_duration_s (${duration.min_duration_s}), found ${duration.max_duration_s}.`,
  },
  {
    // Failures E3.
    fields: ['training.pos_weight', 'training.focal_alpha', 'training.loss'],
    problem: ({ training: { pos_weight, focal_alpha, loss } }) =>
      loss !== 'focal' || pos_weight === null || focal_alpha === 0.5
        ? null
        : `expected null beside focal_alpha ${focal_alpha}, found ${pos_weight}: both weigh seizure against background. ` +
          'Set focal_alpha to 0.5, which favours neither, or pos_weight to null.',
  },
];

function wholeSamples(seconds: number, rate: number): string | null {
  const samples = seconds * rate;
  if (samples >= 0.5 && Math.abs(samples - Math.round(samples)) < 1e-6) return null;
  return `expected a whole number of samples at ${rate} Hz, found ${seconds} s = ${samples} samples.`;
}

function belowNyquist(frequency: number | null | undefined, rate: number): string | null {
  if (frequency === null || frequency === undefined || frequency < rate / 2) return null;
  return `expected frequencies below ${rate / 2} Hz, half of data.sampling_rate, found ${frequency}.`;
}
