/** Points of a period; phases are looked up without interpolation, which is -60 dB. */
const POINTS = 2048;

/** One period of unit mean square and no mean. */
export type Waveform = Float64Array;

function waveform(value: (share: number) => number): Waveform {
  const raw = Float64Array.from({ length: POINTS }, (_, index) => value(index / POINTS));
  const mean = raw.reduce((sum, each) => sum + each, 0) / POINTS;
  const power = raw.reduce((sum, each) => sum + (each - mean) ** 2, 0) / POINTS;
  return raw.map((each) => (each - mean) / Math.sqrt(power));
}

const bump = (share: number, at: number, width: number) =>
  Math.exp(-0.5 * ((share - at - Math.round(share - at)) / width) ** 2);

export const SINE = waveform((share) => Math.sin(2 * Math.PI * share));

/** A rhythm of sharp contours, as mu's arches and many focal seizures are. */
export const SHARP = waveform(
  (share) =>
    Math.sin(2 * Math.PI * share) +
    0.45 * Math.sin(4 * Math.PI * share + 0.6) +
    0.2 * Math.sin(6 * Math.PI * share + 1.1),
);

/** A spike of about a fifth of the period, then a slow wave of the other sign. */
export const SPIKE_WAVE = waveform(
  (share) => 2 * bump(share, 0.14, 0.035) - 0.5 * bump(share, 0.23, 0.04) - 1.1 * bump(share, 0.62, 0.15),
);

/** A sharp wave and little else: of periodic discharges, the rest of whose period is flat. */
export const DISCHARGE = waveform(
  (share) => 1.6 * bump(share, 0.12, 0.018) - 0.8 * bump(share, 0.17, 0.03) - 0.35 * bump(share, 0.3, 0.07),
);

/** What two waveforms share: their mean product. */
export function likeness(a: Waveform, b: Waveform): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0) / a.length;
}

export const WAVEFORM_POINTS = POINTS;
