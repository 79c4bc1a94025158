import { InputError } from '../errors.ts';
import { channelName } from './channel-name.ts';

/** What becomes of a montage's channels when left and right change places. */
export interface Mirror {
  /** Of each channel, which one comes in its place. */
  readonly places: readonly number[];
  /** 1, or -1 where that one was recorded the other way round. */
  readonly signs: readonly number[];
}

/**
 * Finds each channel's counterpart on the other side by the names of its electrodes: in the 10-20 system odd numbers
 * are left, the next even ones right, z is the midline. The mirror of a bipolar channel may be there inverted, as that
 * of C3-Cz, C4-Cz, is in Cz-C4.
 *
 * @param channels as `montageChannels` names them
 * @throws InputError `MONTAGE_MIRROR` naming a channel whose counterpart is not there, or that is no scalp EEG
 */
export function mirrorOf(channels: readonly string[]): Mirror {
  const found = channels.map((channel) => {
    const name = channelName(channel);
    if (name === null) return refuse(`${channel} is no electrode of the scalp`);
    const { electrode, against } = name;
    const [plus, minus] = [otherSide(electrode), otherSide(against)];
    const wanted = minus === '' ? plus : `${plus}-${minus}`;
    const place = channels.indexOf(wanted);
    if (place >= 0) return { place, sign: 1 };
    const inverted = name.isBipolar ? channels.indexOf(`${minus}-${plus}`) : -1;
    if (inverted >= 0) return { place: inverted, sign: -1 };
    return refuse(`the mirror of ${channel} is ${wanted}, which is not among the channels`);
  });
  return { places: found.map(({ place }) => place), signs: found.map(({ sign }) => sign) };
}

/** `F7` for `F8`, `A2` for `A1`; midline electrodes and references without a side are their own. */
function otherSide(electrode: string): string {
  const match = /^([A-Za-z]+?)(\d+)$/.exec(electrode);
  if (match === null) return electrode;
  const number = Number(match[2]);
  return `${match[1]}${number % 2 === 1 ? number + 1 : number - 1}`;
}

function refuse(reason: string): never {
  throw new InputError(
    'MONTAGE_MIRROR',
    `training.augmentation.left_right_flip cannot be had with this montage: ${reason}. Set it to false, or choose channels of both sides.`,
  );
}
