import type { Config } from '../config/index.ts';
import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { bareLabel, type ChannelName, channelName } from './channel-name.ts';
import { compareHeaders } from './same-label.ts';
import { splineWeights } from './spherical-spline.ts';

export type MontageSettings = Pick<Config['preprocessing'], 'montage' | 'channels' | 'reference'>;

const REFERENTIAL = 'Fp1 F3 C3 P3 F7 T3 T5 O1 Fz Cz Pz Fp2 F4 C4 P4 F8 T4 T6 O2'.split(' ');

/** American Clinical Neurophysiology Society, guideline 3 (2016): longitudinal bipolar. */
const DOUBLE_BANANA =
  'Fp1-F7 F7-T3 T3-T5 T5-O1 Fp2-F8 F8-T4 T4-T6 T6-O2 Fp1-F3 F3-C3 C3-P3 P3-O1 Fp2-F4 F4-C4 C4-P4 P4-O2 Fz-Cz Cz-Pz'.split(
    ' ',
  );

/** Electrodes that 249 of TUSZ's 7,364 recordings lack; from the other 17 they can be interpolated (failures B3). */
const INTERPOLATED = ['Fz', 'Pz'];

/** Names of a montage's channels, in the order of the model's input. */
export function montageChannels({
  montage,
  channels,
}: Pick<MontageSettings, 'montage' | 'channels'>): readonly string[] {
  if (montage === 'channels') return (channels ?? []).map((channel) => wantedOf(channel).channel);
  return montage === '10-20' ? REFERENTIAL : DOUBLE_BANANA;
}

/** How a channel is made of a recording's signals: the sum of each times its weight. */
export interface Derivation {
  readonly channel: string;
  readonly terms: readonly { readonly signal: number; readonly weight: number }[];
  readonly isInterpolated: boolean;
}

export interface Montage {
  readonly derivations: readonly Derivation[];
  /** Signals whose mean is subtracted from every channel; null where they stay as recorded. */
  readonly averaged: readonly number[] | null;
  /** What the channels are measured against: `REF`, `LE`, `average`, `bipolar`, ..., or `mixed: ...`. */
  readonly reference: string;
  readonly notices: readonly string[];
}

/**
 * Finds each channel of a montage among a recording's signals by name, never by place (failures B2): read as it
 * is; or, where it is bipolar, inverted or as the difference of two channels with one reference. Fz and Pz are
 * interpolated where the other 17 electrodes of the 10-20 system are there, with one reference.
 *
 * Of several signals of one electrode the one counts whose reference most signals have.
 *
 * @throws InputError `MONTAGE_CHANNELS`, which lists what is missing and what there is; `MONTAGE_BIPOLAR` where
 * bipolar signals were to be electrodes, or were to be averaged; `MONTAGE_REFERENCE` where signals of different
 * references were to be averaged
 */
export function deriveMontage(settings: MontageSettings, signals: readonly Signal[], path: string): Montage {
  const recorded = new RecordedChannels(signals);
  const names = settings.montage === 'channels' ? (settings.channels ?? []) : montageChannels(settings);
  const wanted = names.map(wantedOf);
  const found = wanted.map((each) => recorded.derive(each));
  const missing = wanted.filter((_, index) => found[index] === null).map(({ channel }) => channel);
  if (missing.length > 0) throw notThere(settings.montage, missing, wanted.length, recorded, signals, path);
  const derivations = found.map((derivation) => derivation!);
  const twice = wanted.find(
    ({ channel }, index) => wanted.findIndex((each) => each.channel === channel) < index,
  );
  if (twice !== undefined)
    throw new InputError(
      'MONTAGE_CHANNELS',
      `preprocessing.channels lists ${twice.channel} twice. Leave one out.`,
    );
  const references = referencesOf(derivations, recorded);
  const notices: string[] = [];
  const interpolated = derivations.filter(({ isInterpolated }) => isInterpolated);
  if (interpolated.length > 0)
    notices.push(
      `interpolated by spherical splines: ${interpolated.map(({ channel }) => channel).join(', ')}`,
    );
  if (settings.reference === 'as_recorded')
    return { derivations, averaged: null, reference: together(references), notices };
  if (references.includes('bipolar'))
    throw new InputError(
      'MONTAGE_BIPOLAR',
      `${path}: preprocessing.reference is average, but the channels are bipolar; a common reference cancels in them. Set it to as_recorded.`,
    );
  const named = references.filter((reference) => reference !== 'unnamed');
  if (named.length > 1)
    throw new InputError(
      'MONTAGE_REFERENCE',
      `${path}: preprocessing.reference is average, but the channels were recorded against different references, ${named.join(' and ')}; their mean would be none of both. Set it to as_recorded, or leave the recording out.`,
    );
  const averaged = derivations
    .filter(({ isInterpolated }) => !isInterpolated)
    .map(({ terms }) => terms[0]!.signal);
  return { derivations, averaged, reference: 'average', notices };
}

/** A channel asked for. */
interface Wanted {
  readonly channel: string;
  /** null for a label that is matched as text. */
  readonly name: ChannelName | null;
}

function wantedOf(text: string): Wanted {
  const name = channelName(text);
  if (name === null) return { channel: text, name };
  const { electrode, against } = name;
  return { channel: against === '' ? electrode : `${electrode}-${against}`, name };
}

/** A recording's signals by what their labels say. */
class RecordedChannels {
  readonly names: readonly (ChannelName | null)[];
  readonly #labels: readonly string[];
  /** Places, those first that are preferred where several would do: an order of names, not of places. */
  readonly #preferred: readonly number[];

  constructor(signals: readonly Signal[]) {
    this.#labels = signals.map(({ label }) => label);
    this.names = this.#labels.map(channelName);
    const share = new Map<string, number>();
    for (const name of this.names)
      if (name && !name.isBipolar) share.set(name.against, (share.get(name.against) ?? 0) + 1);
    const shareOf = (index: number) => share.get(this.names[index]?.against ?? '') ?? 0;
    this.#preferred = signals
      .map((_, index) => index)
      .sort((a, b) => shareOf(b) - shareOf(a) || compareHeaders(signals[a]!, signals[b]!) || a - b);
  }

  derive({ channel, name }: Wanted): Derivation | null {
    if (name === null) return readAs(channel, this.#labelled(channel));
    const { electrode, against, isBipolar } = name;
    if (isBipolar) return this.#bipolar(channel, electrode, against);
    const signal = this.#electrode(electrode, against === '' ? null : against);
    if (signal !== null) return readAs(channel, signal);
    if (against !== '' || !INTERPOLATED.includes(electrode)) return null;
    const terms = this.#interpolate(electrode);
    return terms && { channel, terms, isInterpolated: true };
  }

  #first(isMatch: (index: number) => boolean): number | null {
    return this.#preferred.find(isMatch) ?? null;
  }

  #labelled(label: string): number | null {
    return this.#first((index) => bareLabel(this.#labels[index]!) === bareLabel(label));
  }

  #electrode(electrode: string, against: string | null): number | null {
    return this.#first((index) => {
      const name = this.names[index];
      return (
        !!name &&
        !name.isBipolar &&
        name.electrode === electrode &&
        (against === null || name.against === against)
      );
    });
  }

  #bipolar(channel: string, electrode: string, against: string): Derivation | null {
    const recorded = (plus: string, minus: string) =>
      this.#first((index) => {
        const name = this.names[index];
        return !!name?.isBipolar && name.electrode === plus && name.against === minus;
      });
    const same = recorded(electrode, against);
    if (same !== null) return readAs(channel, same);
    const inverted = recorded(against, electrode);
    if (inverted !== null)
      return { channel, terms: [{ signal: inverted, weight: -1 }], isInterpolated: false };
    for (const reference of this.#references()) {
      const plus = this.#electrode(electrode, reference);
      const minus = this.#electrode(against, reference);
      if (plus !== null && minus !== null)
        return {
          channel,
          terms: [
            { signal: plus, weight: 1 },
            { signal: minus, weight: -1 },
          ],
          isInterpolated: false,
        };
    }
    return this.#interpolatedBipolar(channel, electrode, against);
  }

  #interpolatedBipolar(channel: string, electrode: string, against: string): Derivation | null {
    const sides = [electrode, against].map((side) => {
      const signal = this.#electrode(side, null);
      if (signal !== null) return [{ signal, weight: 1 }];
      return INTERPOLATED.includes(side) ? this.#interpolate(side) : null;
    });
    const [plus, minus] = sides;
    if (!plus || !minus) return null;
    const weights = new Map(plus.map(({ signal, weight }) => [signal, weight]));
    for (const { signal, weight } of minus) weights.set(signal, (weights.get(signal) ?? 0) - weight);
    const terms = [...weights].map(([signal, weight]) => ({ signal, weight }));
    const references = new Set(terms.map(({ signal }) => this.names[signal]!.against));
    return references.size === 1 ? { channel, terms, isInterpolated: true } : null;
  }

  /** References of electrodes, the preferred first. */
  #references(): string[] {
    return [
      ...new Set(
        this.#preferred.flatMap((index) => {
          const name = this.names[index];
          return name && !name.isBipolar ? [name.against] : [];
        }),
      ),
    ];
  }

  #interpolate(electrode: string): Derivation['terms'] | null {
    const others = REFERENTIAL.filter(
      (name) => !INTERPOLATED.includes(name) || this.#electrode(name, null) !== null,
    );
    for (const reference of this.#references()) {
      const places = others.map((other) => this.#electrode(other, reference));
      if (places.some((place) => place === null)) continue;
      const weights = splineWeights(electrode, others);
      return places.map((signal, index) => ({ signal: signal!, weight: weights[index]! }));
    }
    return null;
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function readAs(channel: string, signal: number | null): Derivation | null {
  return signal === null ? null : { channel, terms: [{ signal, weight: 1 }], isInterpolated: false };
}

function notThere(
  montage: string,
  missing: readonly string[],
  wanted: number,
  recorded: RecordedChannels,
  signals: readonly Signal[],
  path: string,
): InputError {
  const isBipolar = recorded.names.some((name) => name?.isBipolar);
  const isReferential = recorded.names.some((name) => name && !name.isBipolar);
  const there = signals
    .map(({ label }) => label)
    .join(', ')
    .slice(0, 600);
  if (montage === '10-20' && isBipolar && !isReferential)
    return new InputError(
      'MONTAGE_BIPOLAR',
      `${path}: the montage 10-20 needs electrodes against a common reference, but the recording is bipolar: ${there}. Set preprocessing.montage to double-banana, or leave the recording out.`,
    );
  return new InputError(
    'MONTAGE_CHANNELS',
    `${path}: the montage ${montage} needs ${missing.join(', ')}${missing.length === wanted ? ' (all its channels)' : ''}, which cannot be had from its signals: ${there || 'none'}. Choose another preprocessing.montage, or leave the recording out.`,
  );
}

/** Labels of one reference: an average over all electrodes. AR is TUH's name for it. */
const AVERAGES = new Set(['AVG', 'AVE', 'AV', 'AVERAGE', 'CAR', 'AR']);

function referencesOf(derivations: readonly Derivation[], recorded: RecordedChannels): string[] {
  const references = derivations.flatMap(({ terms }) => {
    // A difference: what both electrodes were recorded against is not in it.
    if (terms.length > 1 && Math.abs(terms.reduce((sum, { weight }) => sum + weight, 0)) < 0.5)
      return ['bipolar'];
    return terms.map(({ signal }) => {
      const name = recorded.names[signal];
      if (!name) return 'unnamed';
      if (name.isBipolar) return 'bipolar';
      return AVERAGES.has(name.against) ? 'average' : name.against || 'unnamed';
    });
  });
  return [...new Set(references)].sort(compare);
}

function together(references: readonly string[]): string {
  return references.length === 1 ? references[0]! : `mixed: ${references.join(', ')}`;
}
