import { openEdf } from '../edf/index.ts';
import { type Preprocessed, type PreprocessingSettings, preprocess } from '../signal/index.ts';

/** A recording as the model sees it, and what of its file goes with what is found in it. */
export interface PreparedRecording extends Preprocessed<Int16Array | Float32Array> {
  /** To its end, holes included. */
  readonly durationS: number;
  /** ISO 8601 local time without zone, or null where the header does not say. */
  readonly startedAt: string | null;
  /** What is odd about its file, and was read all the same. */
  readonly warnings: readonly string[];
}

/** How recordings are prepared; see `preprocess`. */
export interface Preparation {
  readonly settings: PreprocessingSettings;
  readonly isQuantised: boolean;
}

/** Reads and preprocesses a recording. @throws InputError `EDF_*`, `MONTAGE_*`, `SIGNAL_*`, `RESAMPLE_RATE` */
export async function prepare(
  path: string,
  { settings, isQuantised }: Preparation,
): Promise<PreparedRecording> {
  const recording = await openEdf(path);
  const { durationS, startedAt, warnings } = recording;
  const prepared = await preprocess(recording, settings, { isQuantised });
  return { ...prepared, durationS, startedAt, warnings: warnings.map(({ message }) => message) };
}
