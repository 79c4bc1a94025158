import type { Config, ProcessPlace } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { type Device, openProcessGroup, type ProcessGroup } from '../torch/index.ts';

/** One process may build manifests, evaluate or save while the others wait; one that has died is noticed otherwise. */
const PATIENCE_S = 6 * 3600;

/**
 * Joins the processes that train together; null for one alone.
 *
 * @param onPort told the port at which the first of them listens
 * @throws InputError `TRAIN_PROCESSES` for batches that cannot be shared
 */
export function joinProcesses(
  place: ProcessPlace | null,
  { training }: Pick<Config, 'training'>,
  device: Device,
  onPort: (port: number) => void,
): ProcessGroup | null {
  if (place === null) return null;
  if (training.batch_size < place.size)
    throw new InputError(
      'TRAIN_PROCESSES',
      `${place.size} processes cannot share a batch of ${training.batch_size} windows. Raise training.batch_size, or lower resources.processes.`,
    );
  return openProcessGroup({ ...place, device, timeoutS: PATIENCE_S, onPort });
}
