import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';

const MICROVOLTS: Readonly<Record<string, number>> = {
  '': 1,
  uv: 1,
  µv: 1,
  μv: 1,
  mv: 1e3,
  v: 1e6,
  nv: 1e-3,
};

/**
 * What a signal's values are multiplied by to be microvolts; 1 where its header names no unit.
 *
 * @throws InputError `SIGNAL_UNIT` for a unit that is no voltage
 */
export function microvoltsPer({ dimension, label }: Signal, path: string): number {
  const factor = MICROVOLTS[dimension.toLowerCase()];
  if (factor === undefined)
    throw new InputError(
      'SIGNAL_UNIT',
      `${path}: signal ${label} is in '${dimension}', expected a voltage (uV, mV, V, nV).`,
    );
  return factor;
}
