/** On what kind of file system a folder lies: the first thing to ask where reading is slow. */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

/** Where a folder lies. Sources are left out, since they name servers and users. */
export const mountRecord = z.strictObject({
  /** Where its file system is mounted: `/`, `/mnt/c`. */
  mount_point: z.string(),
  /** As the kernel calls it: `ext4`, `overlay`, `tmpfs`, `nfs4`, `9p`, `fuse.sshfs`. */
  file_system: z.string(),
  kind: z.enum(['local', 'memory', 'overlay', 'network', 'fuse', 'windows', 'unknown']),
});

/** See {@link mountRecord}; `kind` is what follows from the other two, and `windows` a drive of Windows under WSL. */
export type Mount = z.infer<typeof mountRecord>;

const KINDS: Readonly<Record<Exclude<Mount['kind'], 'unknown' | 'windows'>, readonly string[]>> = {
  local: ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'jfs', 'bcachefs', 'vfat', 'exfat', 'ntfs3', 'squashfs', 'iso9660', 'erofs'],
  memory: ['tmpfs', 'ramfs', 'devtmpfs', 'hugetlbfs'],
  overlay: ['overlay', 'aufs'],
  network: ['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', 'ceph', 'glusterfs', 'lustre', 'gpfs', 'beegfs', 'afs', '9p', 'virtiofs'],
  fuse: ['fuse', 'fuseblk'],
}; // biome-ignore format: one line each

/**
 * The mount that a path lies on, by a text of the form of /proc/self/mountinfo (proc_pid_mountinfo(5)); null where none
 * holds it.
 *
 * @param path absolute, links resolved
 */
export function mountIn(mountinfo: string, path: string): Mount | null {
  let found: Mount | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ') as [string, string?];
    const mountPoint = unescaped(before.split(' ')[4] ?? '');
    const [type = '', source = '', options = ''] = after?.split(' ') ?? [];
    if (mountPoint === '' || type === '') continue;
    const prefix = mountPoint === '/' ? '/' : `${mountPoint}/`;
    if (path !== mountPoint && !path.startsWith(prefix)) continue;
    // A later mount at the same place hides an earlier one.
    if (found !== null && found.mount_point.length > mountPoint.length) continue;
    found = { mount_point: mountPoint, file_system: type, kind: kindOf(type, unescaped(source), options) };
  }
  return found;
}

/** {@link mountIn} of this machine, for a path that need not be there yet; null where /proc does not tell. */
export async function mountOf(path: string): Promise<Mount | null> {
  try {
    return mountIn(await readFile('/proc/self/mountinfo', 'utf8'), await realPathOf(resolve(path)));
  } catch {
    // Another system than Linux, or a /proc that may not be read: where the folder lies is not known.
    return null;
  }
}

function kindOf(type: string, source: string, options: string): Mount['kind'] {
  // WSL mounts drives as drvfs, over 9p (aname=drvfs) or virtiofs.
  const isDrive = type === 'drvfs' || /drvfs/i.test(`${source} ${options}`) || /^[A-Za-z]:\\/.test(source);
  if (isDrive && ['drvfs', '9p', 'virtiofs'].includes(type)) return 'windows';
  if (type.startsWith('fuse.')) return 'fuse';
  const [kind = 'unknown'] = Object.entries(KINDS).find(([, types]) => types.includes(type)) ?? [];
  return kind as Mount['kind'];
}

/** Blanks and backslashes stand as octal numbers. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Links resolved, as far as the path is there. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    return resolve(await realPathOf(parent), path.slice(parent.length).replace(/^\/+/, ''));
  }
}
