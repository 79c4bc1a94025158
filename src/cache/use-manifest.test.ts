import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lookAtSplit } from './look.ts';
import type { Manifest } from './manifest.ts';
import { scanSplit } from './scan.ts';
import { writeTestEntry } from './testing/entry.ts';
import { usableManifest } from './use-manifest.ts';
import { validateManifest } from './validity.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-use-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHAPE = { length: 10, stride: 10 };

/** A split of 40 entries of one window each, half of them seizure, with its manifest. */
async function split(name: string): Promise<{ path: string; manifest: Manifest }> {
  const path = join(folder, name);
  for (let i = 0; i < 40; i++)
    await writeTestEntry(
      join(path, `${String(i).padStart(2, '0')}.npz`),
      i % 2 === 0 ? '0000011111' : '0'.repeat(10),
    );
  return { path, manifest: (await scanSplit(path, SHAPE)).manifest };
}

async function used(path: string, options = {}): Promise<{ manifest: Manifest; said: string[] }> {
  const said: string[] = [];
  const { manifest } = await usableManifest(path, SHAPE, {
    ...options,
    say: (text: string) => said.push(text),
  });
  return { manifest, said };
}

const stored = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));

test('a valid manifest is used in silence; one that is forced, missing, damaged or of another window is rebuilt', async () => {
  const { path, manifest } = await split('rebuilt');
  expect(await used(path)).toEqual({ manifest, said: [] });
  const text = readFileSync(join(path, 'manifest.json'), 'utf8');
  for (const [content, reason] of [
    [null, 'there is none'],
    [text.slice(0, 700), 'JSON'],
    ['null', 'expected object'],
    [JSON.stringify({ ...manifest, no_seizure: 5 }), 'no_seizure: '],
    [JSON.stringify({ ...manifest, window: 5 }), 'it is of windows of 5 samples every 10'],
    [text.replace('"05.npz"', '"07.npz"'), 'its windows are not those that bgb wrote'],
    [JSON.stringify({ ...manifest, extra: 1 }), 'extra'],
    [JSON.stringify({ ...manifest, seizures: 500 }), 'its counts are not those of the entries'],
    [JSON.stringify({ ...manifest, patients: ['p9'] }), 'its counts are not those of the entries'],
    [
      JSON.stringify({ ...manifest, counts: { ...manifest.counts, no_seizure: 2000 } }),
      'its counts are not those of the entries',
    ],
  ] as const) {
    for (const looks of [[], [await lookAtSplit(path, SHAPE)]]) {
      rmSync(join(path, 'manifest.json'));
      if (content !== null) writeFileSync(join(path, 'manifest.json'), content);
      const { manifest: mended, said } = await used(path, { looks });
      expect(mended).toEqual(manifest);
      expect(said).toEqual([expect.stringMatching(/manifest\.json was built again \(.*\): 40 windows\./s)]);
      expect(said[0]).toContain(reason);
      expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(text);
    }
  }
  expect((await used(path, { isRebuildForced: true })).said[0]).toContain('BGB_FORCE_MANIFEST_REBUILD');
});

test('what was just looked at is not read again, unless something of it could not be read or it is of other windows', async () => {
  const { path, manifest } = await split('looked-at');
  const look = await lookAtSplit(path, SHAPE);
  const other = await lookAtSplit(path, { length: 5, stride: 5 });
  const damaged = join(path, '07.npz');
  const bytes = readFileSync(damaged);
  writeFileSync(damaged, bytes.subarray(0, 100));
  expect(await used(path, { looks: [look] })).toEqual({ manifest, said: [] });
  const partly = await lookAtSplit(path, SHAPE);
  for (const looks of [[], [partly], [other]]) await expect(used(path, { looks })).rejects.toThrow(/07\.npz/);
});

test('a window that no entry is as long as leaves the manifest as it is; one without windows is not valid', async () => {
  const { path, manifest } = await split('slip');
  const text = readFileSync(join(path, 'manifest.json'), 'utf8');
  await expect(usableManifest(path, { length: 1000, stride: 10 })).rejects.toThrow(/is as long as a window/);
  expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(text);
  const empty = { ...manifest, partial_seizure: [], full_seizure: [], no_seizure: [] };
  expect(await validateManifest(path, empty)).toMatchObject({ isValid: false, reason: 'it lists no window' });
  const beyond = { ...manifest, no_seizure: [{ cache_file: '01.npz', window_idx: 1 }] };
  expect((await validateManifest(path, beyond)).reason).toBe('it lists window 1 of 01.npz, which has 1');
});

test('of the right entries, a window listed twice, left out, as another kind or by no index makes it invalid', async () => {
  const { path, manifest } = await split('edited');
  const { partial_seizure, no_seizure } = manifest;
  expect(await validateManifest(path, manifest)).toEqual({ isValid: true, reason: null, missing: 0 });
  const [first, ...others] = no_seizure;
  for (const edited of [
    { ...manifest, no_seizure: [...no_seizure, first!] },
    { ...manifest, no_seizure: others },
    { ...manifest, no_seizure: [first!, first!, ...others.slice(1)] },
    {
      ...manifest,
      no_seizure: [...no_seizure, partial_seizure[0]!],
      partial_seizure: partial_seizure.slice(1),
    },
    { ...manifest, no_seizure: [{ ...first!, window_idx: -1 }, ...others] },
    { ...manifest, no_seizure: [{ ...first!, window_idx: 0.5 }, ...others] },
  ])
    expect(await validateManifest(path, edited)).toMatchObject({ isValid: false, missing: 0 });
  const { format, ...formless } = manifest;
  for (const [content, reason] of [
    [null, /expected object/],
    [[], /expected object/],
    [{ partial_seizure, no_seizure, full_seizure: [] }, /^format: /],
    [formless, /^format: /],
    [{ ...manifest, no_seizure: [{ cache_file: 5, window_idx: 0 }] }, /^no_seizure\.0\.cache_file: /],
  ] as const)
    expect(await validateManifest(path, content)).toEqual({
      isValid: false,
      reason: expect.stringMatching(reason),
      missing: 0,
    });
  await expect(validateManifest(path, { no_seizure: [{ cache_file: '/x.npz' }] })).rejects.toThrow(
    /leads out/,
  );
  // Twice listed while another is gone.
  rmSync(join(path, '00.npz'));
  expect((await validateManifest(path, { ...manifest, no_seizure: [...no_seizure, first!] })).isValid).toBe(
    false,
  );
});

test('entries that changed or were added make it stale (failures D2, E5)', async () => {
  const { path, manifest } = await split('stale');
  await writeTestEntry(join(path, '40.npz'), '0'.repeat(10));
  expect(await validateManifest(path, manifest)).toMatchObject({ isValid: false, missing: 0 });
  const { manifest: mended, said } = await used(path);
  expect(said[0]).toMatch(/its entries have been built again, or there are others/);
  expect(mended.counts.no_seizure).toBe(21);
  await writeTestEntry(join(path, '00.npz'), '0000011111', { key: 'other' });
  expect((await used(path)).said).toHaveLength(1);
});

test('two of 40 references may be missing and are left out and said, three make it stale (failures E5)', async () => {
  const { path, manifest } = await split('missing');
  rmSync(join(path, '00.npz'));
  rmSync(join(path, '01.npz'));
  expect(await validateManifest(path, manifest)).toMatchObject({ isValid: true, missing: 2 });
  const { manifest: kept, said } = await used(path);
  expect(said).toEqual([expect.stringMatching(/2 of its 40 references are to entries that are not there/)]);
  expect(kept.counts).toEqual({ partial_seizure: 19, full_seizure: 0, no_seizure: 19 });
  expect(kept.partial_seizure.map(({ cache_file }) => cache_file)).not.toContain('00.npz');
  expect(kept.data_hash).not.toBe(manifest.data_hash);
  expect(stored(path).counts.partial_seizure).toBe(20);
  rmSync(join(path, '03.npz'));
  expect((await used(path)).said[0]).toMatch(/was built again \(3 of its 40/);
  expect(stored(path).counts).toEqual({ partial_seizure: 19, full_seizure: 0, no_seizure: 18 });
});

test('what scan-cache finds while up to 5 % is missing is left to the byte, more is written anew (failures D2, E5)', async () => {
  const { path } = await split('updated');
  const text = readFileSync(join(path, 'manifest.json'), 'utf8');
  rmSync(join(path, '00.npz'));
  rmSync(join(path, '01.npz'));
  for (const isCheck of [true, false]) {
    const scan = await scanSplit(path, SHAPE, { isCheck });
    expect(scan).toMatchObject({
      isUnchanged: true,
      reason: expect.stringMatching(/^2 of its 40 references/),
    });
    expect(scan.manifest.counts).toEqual({ partial_seizure: 19, full_seizure: 0, no_seizure: 19 });
    expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(text);
  }
  expect(await scanSplit(path, SHAPE, { isRebuildForced: true })).toMatchObject({ isUnchanged: false });
  expect(stored(path).counts.no_seizure).toBe(19);
  writeFileSync(join(path, 'manifest.json'), text);
  rmSync(join(path, '03.npz'));
  await expect(scanSplit(path, SHAPE, { isCheck: true })).rejects.toThrow(/3 of its 40 references/);
  expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(text);
  expect(await scanSplit(path, SHAPE)).toMatchObject({ isUnchanged: false, reason: null });
  expect(stored(path).counts.no_seizure).toBe(18);
});

test('while some is missing, the others must be what the manifest says of them (failures D2, D3)', async () => {
  const { path, manifest } = await split('partly');
  rmSync(join(path, '00.npz'));
  expect(await validateManifest(path, manifest)).toMatchObject({ isValid: true, missing: 1 });
  await writeTestEntry(join(path, '01.npz'), '0000011111');
  expect(await validateManifest(path, manifest)).toMatchObject({ isValid: false, missing: 1 });
  await writeTestEntry(join(path, '01.npz'), '0'.repeat(10));
  expect(await validateManifest(path, manifest)).toMatchObject({ isValid: true });
  // An entry without a window changes nothing, one with a window is not listed.
  await writeTestEntry(join(path, '40.npz'), '0'.repeat(9));
  expect(await validateManifest(path, manifest)).toMatchObject({ isValid: true });
  await writeTestEntry(join(path, '40.npz'), '0'.repeat(10));
  expect((await validateManifest(path, manifest)).reason).toMatch(/built again, or there are others/);
});

test('one hostile reference among forty is not one that may be missing', async () => {
  const { path, manifest } = await split('one-hostile');
  const hostile = {
    ...manifest,
    no_seizure: [...manifest.no_seizure.slice(1), { cache_file: '../x.npz', window_idx: 0 }],
  };
  await expect(validateManifest(path, hostile)).rejects.toThrow(/"\.\.\/x\.npz" leads out/);
  writeFileSync(join(path, 'manifest.json'), JSON.stringify(hostile));
  await expect(scanSplit(path, SHAPE, { isCheck: true })).rejects.toThrow(
    /leads out of the cache.* Run bgb scan-cache/,
  );
  expect((await scanSplit(path, SHAPE)).manifest).toEqual(manifest);
  expect(stored(path)).toEqual(manifest);
});

test('a manifest that is itself a link out of the cache, or a pipe, is not read', async () => {
  const { path, manifest } = await split('linked');
  const file = join(path, 'manifest.json');
  const elsewhere = join(folder, 'elsewhere.json');
  renameSync(file, elsewhere);
  symlinkSync(elsewhere, file);
  await expect(used(path)).rejects.toThrow(/"manifest\.json" leads out of the cache/);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(await scanSplit(path, SHAPE)).toMatchObject({ manifest, isUnchanged: false });
  expect(lstatSync(file).isSymbolicLink()).toBe(false);
  rmSync(file);
  execFileSync('mkfifo', [file]);
  expect((await used(path)).said).toEqual([expect.stringMatching(/built again \(it is no file\)/)]);
  expect(stored(path)).toEqual(manifest);
});

test('a manifest that leads out of the cache is refused by name and left as it is; scan-cache replaces it', async () => {
  const { path, manifest } = await split('hostile');
  mkdirSync(join(folder, 'outside'));
  cpSync(join(path, '00.npz'), join(folder, 'outside/00.npz'));
  symlinkSync(join(folder, 'outside'), join(path, 'door'));
  for (const cache_file of [
    '../outside/00.npz',
    join(folder, 'outside/00.npz'),
    'door/00.npz',
    'a/../../b.npz',
  ]) {
    const lists = { partial_seizure: [], full_seizure: [], no_seizure: [{ cache_file, window_idx: 0 }] };
    for (const [hostile, isRebuildForced] of [
      [JSON.stringify({ ...manifest, ...lists }), false],
      [JSON.stringify({ ...manifest, ...lists }), true],
      [JSON.stringify(lists), false],
      // As other programs list them.
      [JSON.stringify({ no_seizure: [[cache_file, 0]] }), false],
      [JSON.stringify({ no_seizure: [cache_file] }), false],
    ] as const) {
      writeFileSync(join(path, 'manifest.json'), hostile);
      await expect(used(path, { isRebuildForced })).rejects.toMatchObject({
        code: 'CACHE_OUTSIDE',
        message: expect.stringContaining(JSON.stringify(cache_file)),
      });
      expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(hostile);
    }
    expect((await scanSplit(path, SHAPE)).manifest).toEqual(manifest);
  }
  symlinkSync(join(folder, 'outside/00.npz'), join(path, 'link.npz'));
  await expect(scanSplit(path, SHAPE)).rejects.toThrow(/"link\.npz" leads out of the cache/);
});

test('an empty cache never yields a manifest (failures D1)', async () => {
  mkdirSync(join(folder, 'empty'));
  await expect(used(join(folder, 'empty'))).rejects.toThrow(/holds no cache entries/);
  expect(existsSync(join(folder, 'empty/manifest.json'))).toBe(false);
});
