import type { SplitLook } from '../cache/index.ts';
import type { ConfigKind, Environment, LoadedConfig, Problem, Split } from '../config/index.ts';
import type { RunFingerprint } from '../runs/index.ts';
import type { Commands } from './commands.ts';
import type { Computing } from './computing.ts';
import type { Machine } from './machine.ts';
import type { RunSubject } from './run-subject.ts';

/** What a path turned out to be. */
export type TargetKind = 'configuration' | 'run' | 'cache' | 'recordings' | 'machine';

/** A configuration that could be loaded, and what was asked of it. */
export interface ConfigSubject {
  /** As the user named it. */
  readonly path: string;
  readonly kind: ConfigKind;
  readonly loaded: LoadedConfig;
}

/** A split's folder, with the split's name where it has one. */
export interface SplitSubject extends SplitLook {
  readonly split: Split | null;
}

/** A cache: its folder and what its splits hold. */
export interface CacheSubject {
  readonly folder: string;
  readonly isThere: boolean;
  readonly splits: readonly SplitSubject[];
  /** Why it could not be looked at. */
  readonly problem: string | null;
}

/** Recordings that the configuration names, by the names that their entries would have. */
export interface RecordingsSubject {
  readonly folders: readonly string[];
  /** Relative to their folder, with the entry's name without the split. */
  readonly recordings: readonly RecordingPlace[];
  /** Of recordings with an entry: files that it was made of and that are others now. */
  readonly altered: readonly AlteredInput[];
  /** Recordings that the last build left out, by the name it gave them, of which a file has changed since. */
  readonly touched: ReadonlySet<string>;
  /** Some of those that have neither an entry nor a reason, or have changed, or of a folder alone: what a build would say of them. */
  readonly tried: readonly TriedRecording[];
  /** Recordings whose patient cannot be told. */
  readonly nameless: readonly string[];
}

/** A recording that was opened, with its annotation, as a build does it first. */
export interface TriedRecording {
  /** The name of its entry, with the recording's ending. */
  readonly name: string;
  /** Recorded seconds. */
  readonly recordedS: number;
  /** Annotated seconds by label; empty where it cannot be used. */
  readonly labels: Readonly<Record<string, number>>;
  /** null where it can be used; else why it cannot. */
  readonly problem: { readonly kind: 'unlabelled' | 'rejected'; readonly reason: string } | null;
}

export interface RecordingPlace {
  readonly folder: string;
  /** Relative to its folder. */
  readonly name: string;
  /** The name of its entry, without the split. */
  readonly entry: string;
}

/** A file that an entry was made of, and that is not as it was. */
export interface AlteredInput {
  /** Relative to the data folder. */
  readonly recording: string;
  readonly entry: string;
  readonly file: string;
  readonly role: 'recording' | 'annotation';
  readonly state: 'missing' | 'changed';
}

/** All that rules look at; gathered once, before any of them. */
export interface Subject {
  readonly target: { readonly kind: TargetKind; readonly path: string };
  /** null where there is none, or it has problems. */
  readonly config: ConfigSubject | null;
  readonly configPath: string | null;
  readonly problems: readonly Problem[];
  /** The configuration for the other kind of machine that lies beside this one. */
  readonly counterpart: ConfigSubject | null;
  readonly environment: Environment;
  readonly cache: CacheSubject | null;
  /** null where the configuration names no folder, or none that is there. */
  readonly recordings: RecordingsSubject | null;
  readonly run: RunSubject | null;
  readonly machine: Machine;
  /** What needs libtorch; null where that cannot be loaded. */
  readonly computing: Computing | null;
  readonly commands: Commands;
  /** A folder on a disk of this machine that a cache can be copied to; null where none is known. */
  readonly localFolder: string | null;
  /** Runs beside the one that was asked about, or that the configuration would make, with the same result-relevant values. */
  readonly earlier: readonly RunFingerprint[];
  readonly isDeep: boolean;
  /** Whether a training asks that starts or goes on. */
  readonly isQuick: boolean;
  readonly now: Date;
}

/** The configurations at hand: the one that was asked about, and the one beside it. */
export function configsOf({ config, counterpart }: Subject): ConfigSubject[] {
  return [config, counterpart].filter((each) => each !== null);
}
