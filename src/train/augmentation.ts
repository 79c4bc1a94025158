import type { Config } from '../config/index.ts';
import { hash32, logUniform, uniform } from '../random/index.ts';
import { type Mirror, mirrorOf, montageChannels } from '../signal/index.ts';

/** How each window of a batch is changed before the model sees it in training. */
export interface Augmentation {
  /** (B, C), row-major: what each channel is multiplied by */
  readonly factors: Float32Array;
  /** (B, C), row-major: which channel comes in each place; null for their own */
  readonly places: BigInt64Array | null;
}

type Settings = Config['training']['augmentation'];

/**
 * The mirror that `left_right_flip` takes, null where it is off.
 *
 * @throws InputError `MONTAGE_MIRROR` where the montage has none
 */
export function mirrorFrom({
  training,
  preprocessing,
}: Pick<Config, 'training' | 'preprocessing'>): Mirror | null {
  return training.augmentation.left_right_flip ? mirrorOf(montageChannels(preprocessing)) : null;
}

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
    mirror,
  }: {
    seed: number;
    epoch: number;
    windows: readonly number[];
    channels: number;
    /** Of the channels; needed for `left_right_flip`. */
    mirror: Mirror | null;
  },
): Augmentation | null {
  const { gain, polarity, channel_dropout, channel_shuffle } = settings;
  if (gain === null && !polarity && channel_dropout === 0 && !channel_shuffle && mirror === null) return null;
  const factors = new Float32Array(windows.length * channels);
  const movesChannels = channel_shuffle || mirror !== null;
  const places = movesChannels ? new BigInt64Array(windows.length * channels) : null;
  windows.forEach((window, row) => {
    const draw = (kind: number, of = 0) => uniform(seed, AUGMENTATION, kind, epoch, window, of);
    const size = gain === null ? 1 : logUniform(gain, draw(KIND.gain));
    const sign = polarity && draw(KIND.polarity) < 0.5 ? -1 : 1;
    for (let channel = 0; channel < channels; channel++) {
      const isKept = channel_dropout === 0 || draw(KIND.dropout, channel) >= channel_dropout;
      factors[row * channels + channel] = isKept ? size * sign : 0;
    }
    if (places === null) return;
    const isFlipped = mirror !== null && draw(KIND.flip) < 0.5;
    if (isFlipped)
      mirror.places.forEach((from, channel) => {
        factors[row * channels + from]! *= mirror.signs[channel]!;
      });
    const order = Array.from({ length: channels }, (_, channel) => channel);
    if (channel_shuffle) {
      const keys = order.map((channel) => hash32(seed, AUGMENTATION, KIND.shuffle, epoch, window, channel));
      order.sort((a, b) => keys[a]! - keys[b]!);
    }
    order.forEach((channel, place) => {
      places[row * channels + place] = BigInt(isFlipped ? mirror.places[channel]! : channel);
    });
  });
  return { factors, places };
}

/** Keeps these draws apart from others with the same seed, and from each other. */
const AUGMENTATION = 1;
const KIND = { gain: 0, polarity: 1, dropout: 2, shuffle: 3, flip: 4 } as const;
