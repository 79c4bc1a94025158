import { posix } from 'node:path';
import { STAGED_CACHE } from '../config/index.ts';

/** What a container of the cloud has mounted (docs/training.md): recordings, and what is kept. */
const CLOUD_MOUNTS = ['/data', '/results'];

/** Whether a path is a folder or lies within it, by name alone: it may be of another machine. */
export function isInside(path: string, folder: string): boolean {
  const way = posix.relative(posix.normalize(folder), posix.normalize(path));
  const isComparable = posix.isAbsolute(path) === posix.isAbsolute(folder);
  return isComparable && way !== '..' && !way.startsWith('../');
}

/** Also where a cloud run has copied its cache for reading. */
export function isOnCloudMount(path: string): boolean {
  return posix.basename(path) === STAGED_CACHE || CLOUD_MOUNTS.some((mount) => isInside(path, mount));
}

/** `/home/ann/eeg`, `/mnt/c/eeg`, `~/eeg`, `C:\eeg`: an absolute path that no container of the cloud has. */
export function isLocalAbsolute(path: string): boolean {
  const isAbsolute = posix.isAbsolute(path) || path.startsWith('~') || /^[A-Za-z]:[\\/]|^\\\\/.test(path);
  return isAbsolute && !isOnCloudMount(path);
}
