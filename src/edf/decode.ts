import { InputError } from '../errors.ts';
import { printable } from './fields.ts';
import { hasScaling, scalingText } from './header.ts';
import type { Signal } from './recording.ts';

/** Little-endian two's complement of 16 (EDF) or 24 bits (BDF). */
export function decode(
  view: DataView,
  from: number,
  bytesPerSample: number,
  into: Int32Array,
  to: number,
  count: number,
): void {
  if (bytesPerSample === 2) {
    for (let i = 0; i < count; i++) into[to + i] = view.getInt16(from + 2 * i, true);
  } else {
    for (let i = 0; i < count; i++)
      into[to + i] = view.getUint16(from + 3 * i, true) | (view.getInt8(from + 3 * i + 2) << 16);
  }
}

/** @throws InputError `EDF_SCALING` for a signal whose digital or physical range is empty */
export function requireScaling(signals: readonly Signal[], path: string): void {
  for (const signal of signals) {
    if (!hasScaling(signal))
      throw new InputError(
        'EDF_SCALING',
        `${path}: signal ${printable(signal.label)} cannot be scaled to ${printable(signal.dimension) || 'its unit'}: ${scalingText(signal)}. Leave the recording out, or correct its header.`,
      );
  }
}

/** Digital values in the unit of the signal's header; also those beyond the declared range, never clipped. */
export function physicalOf(
  values: Int32Array,
  { digitalMin, digitalMax, physicalMin, physicalMax }: Signal,
): Float64Array {
  const gain = (physicalMax - physicalMin) / (digitalMax - digitalMin);
  const physical = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) physical[i] = physicalMin + (values[i]! - digitalMin) * gain;
  return physical;
}
