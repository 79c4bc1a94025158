/** What normalising a recording's channels found. */
export interface Normalised {
  /** Places of channels that do not vary; they become zeros. */
  readonly flat: number[];
  /** Share of samples beyond the clip. */
  readonly clippedShare: number;
}

/**
 * Brings each channel to mean 0 and standard deviation 1 over all segments together, then clips, in place. A
 * channel that does not vary becomes zeros and is named, never NaN.
 *
 * @param segments for each segment, (C) arrays of samples
 * @param clip in standard deviations (failures F2)
 */
export function normalise(segments: readonly (readonly Float64Array[])[], clip: number): Normalised {
  const channels = segments[0]?.length ?? 0;
  const flat: number[] = [];
  let clipped = 0;
  let samples = 0;
  for (let channel = 0; channel < channels; channel++) {
    const parts = segments.map((segment) => segment[channel]!);
    const count = parts.reduce((sum, part) => sum + part.length, 0);
    const mean = parts.reduce((sum, part) => part.reduce((a, b) => a + b, sum), 0) / count;
    const squares = parts.reduce((sum, part) => part.reduce((a, b) => a + (b - mean) ** 2, sum), 0);
    const deviation = Math.sqrt(squares / count);
    // Rounding leaves a constant channel some 1e-16 of its level.
    const isFlat = deviation <= 1e-9 * Math.max(1e-3, Math.abs(mean));
    if (isFlat) flat.push(channel);
    for (const part of parts) {
      for (let i = 0; i < part.length; i++) {
        const value = isFlat ? 0 : (part[i]! - mean) / deviation;
        if (Math.abs(value) > clip) clipped++;
        part[i] = Math.max(-clip, Math.min(clip, value));
      }
    }
    samples += count;
  }
  return { flat, clippedShare: clipped / samples };
}
