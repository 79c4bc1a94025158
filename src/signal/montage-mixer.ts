import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import type { Montage } from './montage.ts';
import { SameLabelChoice, sameHeader } from './same-label.ts';
import { microvoltsPer } from './units.ts';

/** Makes a montage's channels of a recording's samples, block by block in their order. */
export class MontageMixer {
  readonly #signals: readonly Signal[];
  readonly #montage: Montage;
  /** Signals that channels are made of. */
  readonly #used: readonly number[];
  /** For used signals that are not the only ones with their label. */
  readonly #choices: ReadonlyMap<number, SameLabelChoice>;
  /** Places of the signals whose samples {@link mix} takes. */
  readonly needed: readonly number[];
  readonly #factors: readonly number[];
  /** Of each channel: whether it is one signal as it is, which neither another channel nor the average needs. */
  readonly #isReadAlone: readonly boolean[];
  /** Hz, of each channel */
  readonly rates: readonly number[];
  /** Of each channel. */
  readonly samplesPerRecord: readonly number[];

  /** @throws InputError `SIGNAL_UNIT`; `SIGNAL_RATE` where signals of different rates make one channel */
  constructor(signals: readonly Signal[], montage: Montage, path: string) {
    this.#signals = signals;
    this.#montage = montage;
    const sources = montage.derivations.map(({ terms }) => [
      ...terms.map(({ signal }) => signal),
      ...(montage.averaged ?? []),
    ]);
    this.#used = [...new Set(sources.flat())];
    const candidates = this.#used.map((index) => sameHeader(signals, index));
    this.#choices = new Map(
      candidates.flatMap((places, at) => {
        const index = this.#used[at]!;
        return places.length > 1 ? [[index, new SameLabelChoice(places)] as const] : [];
      }),
    );
    this.needed = [...new Set(candidates.flat())];
    this.#factors = this.needed.map((index) => microvoltsPer(signals[index]!, path));
    const uses = new Map<number, number>();
    for (const index of sources.flat()) uses.set(index, (uses.get(index) ?? 0) + 1);
    this.#isReadAlone = montage.derivations.map(
      ({ terms: [first, ...rest] }) =>
        rest.length === 0 && first!.weight === 1 && uses.get(first!.signal) === 1,
    );
    const first = sources.map((indices, channel) => {
      const first = signals[indices[0]!]!;
      const other = indices
        .map((index) => signals[index]!)
        .find((signal) => signal.samplesPerRecord !== first.samplesPerRecord);
      if (other !== undefined)
        throw new InputError(
          'SIGNAL_RATE',
          `${path}: ${montage.derivations[channel]!.channel} is made of signals of different rates, ${first.label} of ${first.sampleRate} Hz and ${other.label} of ${other.sampleRate} Hz.`,
        );
      return first;
    });
    this.rates = first.map(({ sampleRate }) => sampleRate);
    this.samplesPerRecord = first.map(({ samplesPerRecord }) => samplesPerRecord);
  }

  /** What was assumed of signals, a sentence each; complete when all blocks were read. */
  notices(): string[] {
    return this.#used.flatMap((index) => {
      const { dimension, label } = this.#signals[index]!;
      return [
        ...(dimension === '' ? [`signal ${label} names no unit; microvolts are assumed`] : []),
        ...(this.#choices.get(index)?.haveDiffered
          ? [
              `there are several signals ${label}, which differ; the one that is smaller where they first do is taken`,
            ]
          : []),
      ];
    });
  }

  /**
   * The channels in microvolts at their own rates.
   *
   * @param read a block of each needed signal, in the unit of its header; overwritten
   */
  mix(read: readonly Float64Array[]): Float64Array[] {
    const recorded = new Map(
      this.needed.map((index, at) => [index, inMicrovolts(read[at]!, this.#factors[at]!)]),
    );
    const bySignal = new Map(
      this.#used.map((index) => [
        index,
        this.#choices.get(index)?.take((place) => recorded.get(place)!) ?? recorded.get(index)!,
      ]),
    );
    const { derivations, averaged } = this.#montage;
    const mean = averaged && meanOf(averaged.map((index) => bySignal.get(index)!));
    return derivations.map(({ terms }, index) => {
      if (this.#isReadAlone[index]) return bySignal.get(terms[0]!.signal)!;
      const channel = weighted(bySignal.get(terms[0]!.signal)!, terms[0]!.weight);
      for (const { signal, weight } of terms.slice(1)) addWeighted(channel, bySignal.get(signal)!, weight);
      if (mean !== null) addWeighted(channel, mean, -1);
      return channel;
    });
  }
}

function inMicrovolts(samples: Float64Array, factor: number): Float64Array {
  if (factor !== 1) for (let i = 0; i < samples.length; i++) samples[i]! *= factor;
  return samples;
}

function weighted(samples: Float64Array, weight: number): Float64Array {
  const out = samples.slice();
  if (weight !== 1) for (let i = 0; i < out.length; i++) out[i]! *= weight;
  return out;
}

function addWeighted(to: Float64Array, samples: Float64Array, weight: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += weight * samples[i]!;
}

function meanOf(signals: readonly Float64Array[]): Float64Array {
  const sum = signals[0]!.slice();
  for (const signal of signals.slice(1)) addWeighted(sum, signal, 1);
  return weighted(sum, 1 / signals.length);
}
