import { basename, dirname, join } from 'node:path';
import { isGoingOn, RESULT_NEUTRAL_FIELDS, type RunState } from '../runs/index.ts';
import { commandLine } from '../words.ts';
import { settings } from './command-line.ts';

/** A run, and the configuration that it records. */
interface RunToResume {
  readonly folder: string;
  readonly path: string;
  readonly state: RunState;
}

/** Files that one command line names. */
const MOST_TYPED = 20;
/** Recordings that one command line leaves out; a shell takes some 100 kB. */
const MOST_LEFT_OUT = 500;

/** The folder in which a run is trained anew with other settings. */
export function successorOf(folder: string): string {
  return `${folder.replace(/\/+$/, '')}-again`;
}

/** Builds the command lines of fixes, for what was asked about: each works as it is printed. */
export class Commands {
  readonly #configPath: string | null;
  readonly #set: readonly string[];
  readonly #cacheDir: string | null;
  readonly #dataDirs: readonly string[];
  /** Window and stride in seconds, where no configuration says them. */
  readonly #windows: readonly string[];
  readonly #split: string | null;
  readonly #run: RunToResume | null;

  constructor({
    configPath,
    set = [],
    cacheDir = null,
    dataDirs = [],
    windows = [],
    split = null,
    run = null,
  }: {
    readonly configPath: string | null;
    readonly set?: readonly string[];
    readonly cacheDir?: string | null;
    readonly dataDirs?: readonly string[];
    readonly windows?: readonly string[];
    /** What all recordings were built as; null where they are divided. */
    readonly split?: string | null;
    readonly run?: RunToResume | null;
  }) {
    this.#configPath = configPath;
    this.#set = set;
    this.#cacheDir = cacheDir;
    this.#dataDirs = dataDirs;
    this.#windows = windows;
    this.#split = split;
    this.#run = run;
  }

  /**
   * Writes fields into a configuration file; its comments stay. Of a run, whose record stays as it is: goes on with them, or
   * null where it has finished, or may not go on with others.
   */
  write(path: string, assignments: readonly string[]): string | null {
    if (this.#run?.path === path) return this.resume(assignments);
    return commandLine('bgb', 'doctor', path, ...assignments.flatMap((each) => ['--write', each]));
  }

  /** Goes on with the run that was asked about; one that is going on is stopped first. */
  resume(assignments: readonly string[] = []): string | null {
    if (this.#run === null || this.#run.state === 'finished') return null;
    const mayChange = (field: string) =>
      RESULT_NEUTRAL_FIELDS.some((name) => field === name || field.startsWith(`${name}.`));
    if (!assignments.every((assignment) => mayChange(assignment.split('=')[0]!))) return null;
    const { folder, path, state } = this.#run;
    const resume = commandLine('bgb', 'train', path, '--resume', ...settings(assignments));
    return isGoingOn(state) ? `${commandLine('bgb', 'stop', folder)} && ${resume}` : resume;
  }

  /** Trains with what the run records but for these values, in a folder beside it; null where no run was asked about. */
  anew(assignments: readonly string[]): string | null {
    if (this.#run === null) return null;
    const { folder, path } = this.#run;
    return commandLine(
      ...['bgb', 'train', path],
      ...settings([...assignments, `experiment.output_dir=${successorOf(folder)}`]),
    );
  }

  /** Lists the windows of the cache anew. */
  scanCache({ isForced = false, folder = this.#cacheDir ?? 'cache' } = {}): string {
    const scan = commandLine('bgb', 'scan-cache', '--cache-dir', folder, ...this.#how());
    return isForced ? `BGB_FORCE_MANIFEST_REBUILD=1 ${scan}` : scan;
  }

  /** Builds what is missing in the cache, then lists its windows; null where no folder of recordings is known. */
  buildCache({ folder = this.#cacheDir } = {}): string | null {
    if (this.#dataDirs.length === 0 || folder === null) return null;
    const own = basename(folder);
    const isSplitFolder = ['train', 'dev', 'val', 'eval'].includes(own);
    const root = isSplitFolder ? dirname(folder) : folder;
    const build = commandLine(
      ...['bgb', 'build-cache'],
      ...this.#dataDirs.flatMap((folder) => ['--data-dir', folder]),
      ...['--cache-dir', root],
      ...(this.#split === null ? [] : ['--split', this.#split]),
      ...this.#how(),
    );
    return `env -u BGB_LIMIT_FILES ${build} && ${this.scanCache({ folder })}`;
  }

  /**
   * Leaves recordings out for good and builds without them; null where there are too many to type, or no configuration can
   * say so: a run's record stays as it is.
   */
  leaveOut(recordings: readonly string[]): string | null {
    const build = this.buildCache();
    if (build === null || this.#configPath === null || this.#run !== null) return null;
    if (recordings.length > MOST_LEFT_OUT) return null;
    // Plain in YAML, where a name is.
    const added = recordings.map(
      (name) => `data.exclude+=${/^\w[\w./-]*$/.test(name) ? name : JSON.stringify(name)}`,
    );
    return `${this.write(this.#configPath, added)} && ${build}`;
  }

  /** Takes entries out of the cache, under names that nothing reads, and lists the rest; null where they are too many to type. */
  setAside(folder: string, names: readonly string[]): string | null {
    const moves = this.moveAside(folder, names);
    return moves === null ? null : `${moves} && ${this.scanCache({ isForced: true })}`;
  }

  /** {@link setAside} before something else lists the rest. */
  moveAside(folder: string, names: readonly string[]): string | null {
    if (names.length > MOST_TYPED) return null;
    return names
      .map((name) => commandLine('mv', join(folder, name), join(folder, `${name}.damaged`)))
      .join(' && ');
  }

  #how(): string[] {
    const config = this.#configPath === null ? this.#windowSettings() : ['--config', this.#configPath];
    return [...config, ...settings(this.#set)];
  }

  #windowSettings(): string[] {
    return settings(this.#windows);
  }
}
