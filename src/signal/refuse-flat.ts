import { InputError } from '../errors.ts';
import type { Montage } from './montage.ts';
import type { RunningMoments } from './statistics.ts';

/**
 * Refuses a recording without any EEG in it, and one whose interpolated channel carries nothing (failures B4).
 *
 * @param moments of each channel
 * @throws InputError `SIGNAL_FLAT`, `MONTAGE_INTERPOLATED`
 */
export function refuseFlat(
  { derivations }: Pick<Montage, 'derivations'>,
  moments: readonly Pick<RunningMoments, 'isFlat'>[],
  path: string,
): void {
  if (moments.every(({ isFlat }) => isFlat))
    throw new InputError(
      'SIGNAL_FLAT',
      `${path}: none of its ${moments.length} channels varies; there is no EEG in it.`,
    );
  const flat = derivations.filter(({ isInterpolated }, index) => isInterpolated && moments[index]!.isFlat);
  if (flat.length > 0)
    throw new InputError(
      'MONTAGE_INTERPOLATED',
      `${path}: ${flat.map(({ channel }) => channel).join(', ')} had to be interpolated, but the result does not vary. Leave the recording out.`,
    );
}
