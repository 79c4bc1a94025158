import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mountIn, mountOf } from './mount.ts';

/** As under WSL2, in a container with an NFS volume, and with a mount that hides another. */
const MOUNTINFO = [
  '70 82 8:48 / / rw,relatime - ext4 /dev/sdd rw,discard,errors=remount-ro,data=ordered',
  '110 70 0:54 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000;gid=1000,mmap,access=client',
  '111 70 0:55 / /mnt/d rw,noatime - virtiofs drvfsD rw',
  '112 70 0:56 / /mnt/e rw - drvfs E: rw',
  '120 70 0:60 / /data/my\\040eeg rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2',
  '121 70 0:61 / /data/cloud rw - fuse.gcsfuse bucket rw,user_id=0',
  '122 70 0:62 / /share rw - 9p host rw,trans=virtio',
  '123 70 0:63 / /twice rw - tmpfs tmpfs rw',
  '124 123 8:49 / /twice rw - xfs /dev/sde rw',
  '125 70 0:64 / /odd rw - ntfsplus /dev/sdf rw',
  '126 70 0:65 / /box rw - overlay overlay rw,lowerdir=/a',
  'a line that says nothing',
].join('\n');

test.each([
  ['/home/someone/cache', '/', 'ext4', 'local'],
  ['/', '/', 'ext4', 'local'],
  ['/mnt/c/Users/cache', '/mnt/c', '9p', 'windows'],
  ['/mnt/cache', '/', 'ext4', 'local'],
  ['/mnt/d', '/mnt/d', 'virtiofs', 'windows'],
  ['/mnt/e/x', '/mnt/e', 'drvfs', 'windows'],
  ['/data/my eeg/tusz', '/data/my eeg', 'nfs4', 'network'],
  ['/data/cloud/tusz', '/data/cloud', 'fuse.gcsfuse', 'fuse'],
  ['/share/x', '/share', '9p', 'network'],
  ['/twice/x', '/twice', 'xfs', 'local'],
  ['/odd/x', '/odd', 'ntfsplus', 'unknown'],
  ['/box/x', '/box', 'overlay', 'overlay'],
])('%s lies on %s (%s: %s)', (path, mount_point, file_system, kind) => {
  expect(mountIn(MOUNTINFO, path)).toEqual({ mount_point, file_system, kind });
});

test('nothing is known without mounts', () => {
  expect(mountIn('', '/home')).toBeNull();
});

test('this machine: a link is followed, and a folder need not be there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bgb-mount-'));
  try {
    await symlink('/proc/self', join(folder, 'link'));
    expect(await mountOf(join(folder, 'link/fd'))).toMatchObject({
      mount_point: '/proc',
      file_system: 'proc',
    });
    expect(await mountOf(join(folder, 'not/yet/there'))).toEqual(await mountOf(folder));
    expect((await mountOf(folder))!.file_system).not.toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
