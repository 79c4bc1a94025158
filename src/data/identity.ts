import type { CacheEntry } from '../cache/index.ts';
import { canonicalJson, sha256 } from '../files/index.ts';

/** What a recording of a cache is made of, in hashes: where two caches differ, these say in what. */
export interface RecordingIdentity {
  readonly patient: string;
  /** SHA-256 of the recording's file. */
  readonly recording: string;
  /** Hash over the annotation files' bytes and what each was taken for. */
  readonly annotations: string;
  /** Hash over preprocessing, channels, rate and the meaning of labels. */
  readonly preprocessing: string;
  /** CRC-32 of the samples as stored; null for an entry made elsewhere. */
  readonly signal: number | null;
  /** Hash over the labels of all samples. */
  readonly labels: string;
  readonly recordedS: number;
  readonly seizures: number;
}

/** Reads nothing that opening the entry has not read. */
export function identityOf({ provenance, labelRuns, signalChecksum }: CacheEntry): RecordingIdentity {
  const { patient, recording, annotations, recorded_s: recordedS, seizures } = provenance;
  const { preprocessing, channels, sampling_rate, label_map } = provenance;
  return {
    patient,
    recording: recording.sha256,
    annotations: short(annotations.map(({ sha256: content, format, role }) => [content, format, role])),
    preprocessing: short({ preprocessing, channels, sampling_rate, label_map }),
    signal: signalChecksum,
    labels: short(labelRuns.map(({ firstRow, rows, label }) => [firstRow, rows, label])),
    recordedS,
    seizures,
  };
}

function short(content: unknown): string {
  return sha256(canonicalJson(content)).slice(0, 16);
}
