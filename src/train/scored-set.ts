import { dataHashOf, openEntry, type Provenance } from '../cache/index.ts';
import { sha256 } from '../files/index.ts';
import type { CheckpointState, FrozenThresholds } from '../runs/index.ts';
import type { ThresholdsInUse } from '../score/index.ts';
import { counted } from '../words.ts';

/** What a set of recordings is, so that it is recognised again. */
export interface ScoredSet {
  /** As a manifest's. */
  readonly dataHash: string;
  /** SHA-256 of each recording's file, sorted, each once. */
  readonly recordings: readonly string[];
  /** Names, sorted. */
  readonly patients: readonly string[];
  /** Of all recordings together. */
  readonly recordedS: number;
}

/** Reads what the entries are made of. @throws InputError `CACHE_*` */
export function scoredSetOf(entries: readonly { folder: string; name: string }[]): ScoredSet {
  const all = entries.map(({ folder, name }): [string, Provenance] => {
    using entry = openEntry(folder, name);
    return [name, entry.provenance];
  });
  const unique = (of: (provenance: Provenance) => string) =>
    [...new Set(all.map(([, provenance]) => of(provenance)))].sort();
  return {
    dataHash: dataHashOf(all.map(([name, { key }]) => [name, key])),
    recordings: unique(({ recording }) => recording.sha256),
    patients: unique(({ patient }) => patient),
    recordedS: all.reduce((sum, [, { recorded_s }]) => sum + recorded_s, 0),
  };
}

/** A patient's name as checkpoints keep it. */
export function patientHash(name: string): string {
  return sha256(`patient ${name}`);
}

/** The thresholds that events are made with, and what their tuning has in common with a set; null for none. */
export function thresholdsInUse(
  { tau_on, tau_off }: { readonly tau_on: number; readonly tau_off: number },
  frozen: FrozenThresholds | null,
  set: ScoredSet | null,
): ThresholdsInUse {
  if (frozen === null) return { state: 'untuned', tau_on, tau_off, tuned_on: null, shared: null };
  const { recordings, patients, checkpoint_sha256: _, ...tunedOn } = frozen.tuned_on;
  return {
    state: 'tuned',
    tau_on,
    tau_off,
    tuned_on: { ...tunedOn, recordings: recordings.length, patients: patients.length },
    shared: set && sharedWith(set, recordings, patients),
  };
}

function sharedWith(
  set: ScoredSet,
  recordings: readonly string[],
  patients: readonly string[],
): ThresholdsInUse['shared'] {
  const [tuned, people] = [new Set(recordings), new Set(patients)];
  const shared = set.recordings.filter((recording) => tuned.has(recording)).length;
  return {
    is_same_set: shared === set.recordings.length && shared === recordings.length,
    recordings: shared,
    patients: set.patients.filter((name) => people.has(patientHash(name))),
  };
}

/** Whether training has seen this very set. */
export function seenInTraining({ data }: CheckpointState, { dataHash }: ScoredSet): 'train' | 'dev' | null {
  return (['train', 'dev'] as const).find((split) => data[split] === dataHash) ?? null;
}

/** What stands behind a report's title where it has to; empty otherwise. */
export function titleNote({ shared }: ThresholdsInUse, seen: ReturnType<typeof seenInTraining>): string {
  const notes = [
    seen === 'train' ? 'trained on this set' : null,
    shared === null ? null : tuningNote(shared),
  ].filter((note) => note !== null);
  return notes.length > 0 ? ` (${notes.join('; ')})` : '';
}

function tuningNote({ is_same_set, recordings, patients }: NonNullable<ThresholdsInUse['shared']>) {
  if (is_same_set) return 'tuned on this set';
  if (recordings > 0) return `tuned on ${recordings} of these recordings`;
  return patients.length > 0 ? `tuned on ${patients.length} of these patients` : null;
}

/** The thresholds in a sentence, without its full stop. */
export function describeThresholds({ state, tau_on, tau_off, tuned_on, shared }: ThresholdsInUse): string {
  const values = `tau_on ${tau_on}, tau_off ${tau_off}`;
  if (state === 'untuned' || tuned_on === null)
    return `untuned: ${values} are the configuration's, chosen on no data`;
  const { set, recordings, patients, seizure_free_hours, target_fa_per_24h } = tuned_on;
  const note = shared && tuningNote(shared);
  return `tuned on ${set} (${counted(recordings, 'recording')} of ${counted(patients, 'patient')}, ${seizure_free_hours.toFixed(1)} h without seizures) for at most ${target_fa_per_24h} false alarms per 24 h: ${values}${note === null ? '' : `; ${note}`}`;
}
