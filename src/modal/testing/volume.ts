import { execFileSync } from 'node:child_process';
import {
  cpSync,
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A volume as the cloud has them: a container works on the state of the last commit when it was mounted, and a commit puts
 * what it changed into the volume, file by file, the last writer wins.
 */
export class StandInVolume {
  /** The state of the last commit. */
  readonly folder: string;
  /** Bytes that it holds at most; as root only, containers from then on see a file system of that size. */
  limitBytes: number | null = null;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** A container's view, in a folder of its own. */
  mount(view: string): MountedVolume {
    const { limitBytes } = this;
    if (limitBytes !== null) {
      mkdirSync(view, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${limitBytes}`, 'bgb-stand-in', view]);
    }
    cpSync(this.folder, view, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    return new MountedVolume(this, view, limitBytes !== null);
  }
}

export class MountedVolume {
  readonly view: string;
  readonly #volume: StandInVolume;
  #known: Map<string, string>;

  readonly #isLimited: boolean;

  constructor(volume: StandInVolume, view: string, isLimited: boolean) {
    this.#volume = volume;
    this.#isLimited = isLimited;
    this.view = view;
    this.#known = marksOf(view);
  }

  /** Puts into the volume what has changed in the view since the last commit or reload. */
  commit(): void {
    const now = marksOf(this.view);
    for (const [path, mark] of now) {
      if (this.#known.get(path) === mark) continue;
      const target = join(this.#volume.folder, path);
      const temporary = `${target}.committing-${process.pid}`;
      try {
        mkdirSync(dirname(target), { recursive: true });
        cpSync(join(this.view, path), temporary, { preserveTimestamps: true, verbatimSymlinks: true });
        renameSync(temporary, target);
      } catch (error) {
        // Gone again, or replaced while it was copied: the next commit has it.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        now.delete(path);
      }
    }
    for (const path of this.#known.keys())
      if (!now.has(path)) rmSync(join(this.#volume.folder, path), { force: true });
    this.#known = now;
  }

  /** When its container has ended. */
  release(): void {
    if (this.#isLimited) execFileSync('umount', ['-l', this.view]);
  }

  /** Takes over what others have committed. */
  reload(): void {
    cpSync(this.#volume.folder, this.view, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    this.#known = marksOf(this.view);
  }
}

/** What tells two contents of a file apart, by path. */
function marksOf(folder: string): Map<string, string> {
  const found = entriesOf(folder);
  return new Map(
    found.flatMap((entry) => {
      if (entry.isDirectory()) return [];
      const path = join(entry.parentPath, entry.name);
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) return [];
      const target = entry.isSymbolicLink() ? readlinkSync(path) : '';
      return [[path.slice(folder.length + 1), `${stat.mtimeNs} ${stat.size} ${stat.ino} ${target}`] as const];
    }),
  );
}

/** All below a folder, also while folders of it are removed. */
function entriesOf(folder: string): Dirent[] {
  for (;;) {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(folder)) throw error;
    }
  }
}
