import { readFileSync } from 'node:fs';

/**
 * Whether this is Linux under Windows: its kernel says so, and one that its user has built still registers the programs of
 * Windows.
 *
 * @param read a file's text, or null where it is not there
 */
export function isWsl(read: (path: string) => string | null = readOrNull): boolean {
  return (
    /microsoft|\bWSL/i.test(read('/proc/version') ?? '') ||
    read('/proc/sys/fs/binfmt_misc/WSLInterop') !== null
  );
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux, or nothing registered: then it is not WSL either.
    return null;
  }
}
