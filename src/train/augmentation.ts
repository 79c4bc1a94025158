import type { Config } from '../config/index.ts';
import { hash32, logUniform, uniform } from '../random/index.ts';

/** How each window of a batch is changed before the model sees it in training. */
export interface Augmentation {
  /** (B, C), row-major: what each channel is multiplied by */
  readonly factors: Float32Array;
  /** (B, C), row-major: which channel comes in each place; null for their own */
  readonly places: BigInt64Array | null;
}

type Settings = Config['training']['augmentation'];

/**
 * Draws the changes of `training.augmentation` for some windows, as functions of (seed, epoch, window): resuming
 * needs no generator, and a window gets the same change in whatever batch it stands.
 *
 * @param windows indices in the data set
 */
export function drawAugmentation(
  settings: Settings,
  {
    seed,
    epoch,
    windows,
    channels,
  }: { seed: number; epoch: number; windows: readonly number[]; channels: number },
): Augmentation | null {
  const { gain, polarity, channel_dropout, channel_shuffle } = settings;
  if (gain === null && !polarity && channel_dropout === 0 && !channel_shuffle) return null;
  const factors = new Float32Array(windows.length * channels);
  const places = channel_shuffle ? new BigInt64Array(windows.length * channels) : null;
  windows.forEach((window, row) => {
    const draw = (kind: number, of = 0) => uniform(seed, AUGMENTATION, kind, epoch, window, of);
    const size = gain === null ? 1 : logUniform(gain, draw(KIND.gain));
    const sign = polarity && draw(KIND.polarity) < 0.5 ? -1 : 1;
    for (let channel = 0; channel < channels; channel++) {
      const isKept = channel_dropout === 0 || draw(KIND.dropout, channel) >= channel_dropout;
      factors[row * channels + channel] = isKept ? size * sign : 0;
    }
    if (places !== null) {
      const key = (channel: number) => hash32(seed, AUGMENTATION, KIND.shuffle, epoch, window, channel);
      const order = Array.from({ length: channels }, (_, channel) => channel).sort((a, b) => key(a) - key(b));
      order.forEach((channel, place) => {
        places[row * channels + place] = BigInt(channel);
      });
    }
  });
  return { factors, places };
}

/** Keeps these draws apart from others with the same seed, and from each other. */
const AUGMENTATION = 1;
const KIND = { gain: 0, polarity: 1, dropout: 2, shuffle: 3 } as const;
