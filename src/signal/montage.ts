import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { type ChannelName, channelName } from './channel-name.ts';

export type MontageName = '10-20' | 'double-banana';

const REFERENTIAL = 'Fp1 F3 C3 P3 O1 F7 T3 T5 Fz Cz Pz Fp2 F4 C4 P4 O2 F8 T4 T6'.split(' ');

/** American Clinical Neurophysiology Society, guideline 3 (2016): longitudinal bipolar. */
const DOUBLE_BANANA =
  'Fp1-F7 F7-T3 T3-T5 T5-O1 Fp2-F8 F8-T4 T4-T6 T6-O2 Fp1-F3 F3-C3 C3-P3 P3-O1 Fp2-F4 F4-C4 C4-P4 P4-O2 Fz-Cz Cz-Pz'.split(
    ' ',
  );

/** Names of a montage's channels, in the order of the model's input. */
export function montageChannels(montage: MontageName): readonly string[] {
  return montage === '10-20' ? REFERENTIAL : DOUBLE_BANANA;
}

/** How a channel of a montage is made of a recording's signals: one, or one minus another; or one inverted. */
export interface Derivation {
  readonly channel: string;
  readonly plus: number | null;
  readonly minus: number | null;
}

/**
 * Finds each channel of a montage among a recording's signals by name, never by place (failures B2). A bipolar
 * channel is taken as recorded, in either direction, or as the difference of two channels with one reference.
 * Of signals with one name the first is taken.
 *
 * @throws InputError `MONTAGE_CHANNELS`, which lists what is missing and what there is
 */
export function derive(montage: MontageName, signals: readonly Signal[], path: string): Derivation[] {
  const named = signals.map(({ label }) => channelName(label));
  const missing: string[] = [];
  const derivations = montageChannels(montage).flatMap((channel) => {
    const found = montage === '10-20' ? referential(channel, named) : bipolar(channel, named);
    if (found === null) missing.push(channel);
    return found ?? [];
  });
  if (missing.length > 0)
    throw new InputError(
      'MONTAGE_CHANNELS',
      `${path}: the montage ${montage} needs ${missing.join(', ')}, which cannot be had from its signals: ${signals
        .map(({ label }) => label)
        .join(', ')
        .slice(0, 600)}. Choose another preprocessing.montage, or leave the recording out.`,
    );
  return derivations;
}

function referential(channel: string, named: readonly (ChannelName | null)[]): Derivation | null {
  const plus = named.findIndex((name) => name !== null && !name.isBipolar && name.electrode === channel);
  return plus < 0 ? null : { channel, plus, minus: null };
}

function bipolar(channel: string, named: readonly (ChannelName | null)[]): Derivation | null {
  const [first, second] = channel.split('-') as [string, string];
  const recorded = (electrode: string, against: string) =>
    named.findIndex((name) => name?.isBipolar && name.electrode === electrode && name.against === against);
  const same = recorded(first, second);
  if (same >= 0) return { channel, plus: same, minus: null };
  const inverted = recorded(second, first);
  if (inverted >= 0) return { channel, plus: null, minus: inverted };
  for (const [plus, name] of named.entries()) {
    if (name === null || name.isBipolar || name.electrode !== first) continue;
    const minus = named.findIndex(
      (other) =>
        other !== null && !other.isBipolar && other.electrode === second && other.against === name.against,
    );
    if (minus >= 0) return { channel, plus, minus };
  }
  return null;
}

/** The reference that referential channels of a derivation share: `REF`, `LE`, ..., `bipolar`, or `mixed: ...`. */
export function referenceOf(derivations: readonly Derivation[], signals: readonly Signal[]): string {
  const references = new Set(
    derivations.flatMap(({ plus, minus }) =>
      [plus, minus].flatMap((index) => {
        const name = index === null ? null : channelName(signals[index]!.label);
        return name === null ? [] : [name.isBipolar ? 'bipolar' : name.against || 'unnamed'];
      }),
    ),
  );
  const all = [...references].sort();
  return all.length === 1 ? all[0]! : `mixed: ${all.join(', ')}`;
}
