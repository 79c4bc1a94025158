/** Values a second of a control track: amplitudes, frequencies and gains move slowly and are linear between. */
export const CONTROL_HZ = 4;

/** A track long enough for a duration. */
export function controlTrack(durationS: number, value: (timeS: number) => number = () => 0): Float64Array {
  return Float64Array.from({ length: Math.ceil(durationS * CONTROL_HZ) + 2 }, (_, index) =>
    value(index / CONTROL_HZ),
  );
}

/** A track's value at a time; its ends go on beyond it. */
export function controlAt(track: Float64Array, timeS: number): number {
  const place = Math.max(0, Math.min(track.length - 1.000001, timeS * CONTROL_HZ));
  const index = Math.floor(place);
  const share = place - index;
  return track[index]! * (1 - share) + track[index + 1]! * share;
}

/** Writes the track's values at samples `from` to `to - 1` of a block whose sample 0 is at `startS` in the track. */
export function fillControl(
  track: Float64Array,
  startS: number,
  rate: number,
  from: number,
  to: number,
  into: Float64Array,
): void {
  const step = CONTROL_HZ / rate;
  const last = track.length - 1.000001;
  let place = (startS + from / rate) * CONTROL_HZ;
  for (let t = from; t < to; t++) {
    const held = place < 0 ? 0 : place > last ? last : place;
    const index = held | 0;
    const low = track[index]!;
    into[t] = low + (track[index + 1]! - low) * (held - index);
    place += step;
  }
}

/** 0 before `startS`, 1 from `endS` on, a half cosine between. */
export function rise(timeS: number, startS: number, endS: number): number {
  if (timeS <= startS) return 0;
  if (timeS >= endS) return 1;
  return 0.5 - 0.5 * Math.cos((Math.PI * (timeS - startS)) / (endS - startS));
}
