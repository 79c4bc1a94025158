import { CONTROL_HZ } from '../control.ts';
import { ELECTRODES } from '../head.ts';
import type { RhythmCourse } from '../rhythmic-run.ts';

/** TUSZ's montage of 22 differences, in the order of its files. */
export const TCP_CHANNELS: readonly string[] =
  'FP1-F7 F7-T3 T3-T5 T5-O1 FP2-F8 F8-T4 T4-T6 T6-O2 A1-T3 T3-C3 C3-CZ CZ-C4 C4-T4 T4-A2 FP1-F3 F3-C3 C3-P3 P3-O1 FP2-F4 F4-C4 C4-P4 P4-O2'.split(
    ' ',
  );

/** Share of the loudest channel's amplitude above which another counts as involved, and of its own for its onset. */
const INVOLVED = 0.3;

/** When a rhythm reaches each of TUSZ's channels, in seconds from its start; only those it reaches. */
export function channelOnsets({ generators, frequency }: RhythmCourse): Record<string, number> {
  const names = ELECTRODES.map((name) => name.toUpperCase());
  const tracks = TCP_CHANNELS.map((channel) => {
    const [plus, minus] = channel.split('-').map((name) => names.indexOf(name)) as [number, number];
    return frequency.map((_, step) =>
      Math.abs(
        generators.reduce(
          (sum, { field, amplitude }) => sum + (field[plus]! - field[minus]!) * amplitude[step]!,
          0,
        ),
      ),
    );
  });
  const peaks = tracks.map((track) => Math.max(...track));
  const loudest = Math.max(...peaks);
  const onsets = tracks.map((track, index) =>
    peaks[index]! < INVOLVED * loudest
      ? null
      : track.findIndex((value) => value >= INVOLVED * peaks[index]!) / CONTROL_HZ,
  );
  const earliest = Math.min(...onsets.filter((onset) => onset !== null));
  return Object.fromEntries(
    onsets.flatMap((onset, index) => (onset === null ? [] : [[TCP_CHANNELS[index]!, onset - earliest]])),
  );
}
