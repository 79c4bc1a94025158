import { z } from 'zod';
import type { PreprocessingSettings } from '../signal/index.ts';

/** Rises when entries of older versions must not be read. */
export const FORMAT_VERSION = 4;

const input = z.strictObject({ name: z.string(), sha256: z.string(), bytes: z.int() });

/** `provenance.json`: what an entry was made of. */
export const provenanceSchema = z.strictObject({
  format: z.literal('bgb-cache'),
  version: z.int(),
  /** Over the bytes of recording and annotations, the meaning of labels, the settings and the version (failures D3, A8). */
  key: z.string(),
  recording: input,
  /** The one with the seizure times first; then `types` (TUSZ's `.csv` beside `.csv_bi`), and what was `compared`. */
  annotations: z
    .array(input.extend({ format: z.string(), role: z.enum(['seizures', 'types', 'compared']) }))
    .min(1),
  preprocessing: z.record(z.string(), z.json()),
  channels: z.array(z.string()).min(1),
  sampling_rate: z.number().positive(),
  reference: z.string(),
  patient: z.string(),
  recorded_s: z.number(),
  seizures: z.int(),
  /** Recorded seizure seconds, each once; entries of before it was stored lack it. */
  seizure_s: z.number().optional(),
  /** Recorded seizure seconds by label; types of one moment each count. */
  seizure_s_by_label: z.record(z.string(), z.number()),
  /** Where each type is, `[start s, end s, label]`, of recordings whose seizures are of several types. */
  typed_seizures: z.array(z.tuple([z.number(), z.number(), z.string()])).optional(),
  /** Recorded seconds by label that are neither trained on nor scored, or not trained on: `nesz`, `impd`. */
  excluded_s_by_label: z.record(z.string(), z.number()),
  /** How many annotated events were cut at an end or a hole, not recorded, or outside the recording; notices list them. */
  events_lost: z.partialRecord(z.enum(['clipped', 'not recorded', 'outside']), z.int().positive()),
  /** `data.labels` */
  label_map: z.record(z.string(), z.string()),
  /** `[first row, rows]` of what is excluded from training but background where it is scored: `impd`. */
  scored_as_background: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])),
  clipped_share: z.number(),
  /** Everything repaired, clipped or left out on the way, a sentence each. */
  notices: z.array(z.string()),
});

export type Provenance = z.infer<typeof provenanceSchema>;

/** The settings as they go into the key and the file. */
export function settingsRecord(settings: PreprocessingSettings): Record<string, z.core.util.JSONType> {
  const { montage, channels, reference, resample, length, filter, bandpass, notch_freq } = settings;
  const { normalize, running_time_constant_s, clip, sampling_rate } = settings;
  return {
    montage,
    channels: channels && [...channels],
    reference,
    resample,
    // Fields that decide nothing beside the others' values are null, so that changing them rebuilds nothing.
    length: resample === 'fft' ? length : null,
    filter,
    bandpass,
    notch_freq: notch_freq && [...notch_freq],
    normalize,
    running_time_constant_s: normalize === 'running' ? running_time_constant_s : null,
    clip: normalize === 'none' ? null : clip,
    sampling_rate,
  };
}
