import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EntryContent, openEntry, writeEntry } from '../cache/index.ts';
import { sha256 } from '../files/index.ts';
import { build, Corpus, type SetUp, scan } from './testing/corpus.ts';
import { examined, named, WORKSTATION } from './testing/looking.ts';
import { type Fault, findAndMend } from './testing/planting.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.make();
});
afterAll(() => corpus[Symbol.dispose]());

const manifestOf = ({ cache }: SetUp, split = 'train') => join(cache, split, 'manifest.json');

const FAULTS: readonly Fault[] = [
  {
    name: 'a manifest that was never written',
    plant: (setUp) => rmSync(manifestOf(setUp)),
    expected: ['D1 manifest-missing'],
    // chb01: 50 and 37 s in windows of 4 s every 2 s are 24 and 17 windows.
    evidence: /manifest\.json is not there; the folder holds 2 entries with 41 windows/,
  },
  {
    name: 'an empty manifest beside a full cache',
    plant: (setUp) =>
      writeFileSync(
        manifestOf(setUp),
        JSON.stringify({ partial_seizure: [], full_seizure: [], no_seizure: [] }),
      ),
    expected: ['D1 manifest-empty'],
    evidence: /lists 0 windows; the folder holds 2 entries with 41 windows/,
  },
  {
    name: 'paths of another machine',
    plant: (setUp) =>
      writeFileSync(
        manifestOf(setUp),
        JSON.stringify({
          partial_seizure: ['/home/ann/cache/train/a.npz'],
          full_seizure: [],
          no_seizure: [],
        }),
      ),
    expected: ['D2 manifest-elsewhere'],
    evidence: /\/home\/ann\/cache\/train\/a\.npz/,
  },
  {
    name: 'other windows than the configuration asks for',
    changes: [['stride: 2 ', 'stride: 1 ']],
    plant: () => undefined,
    expected: ['D3 manifest-other-windows', 'D3 manifest-other-windows'],
    evidence: /of 1024 samples every 512, the configuration asks for 1024 every 256/,
  },
  {
    name: 'seizures that dropped to 0 in a manifest of the right form',
    plant: (setUp) => {
      const manifest = JSON.parse(readFileSync(manifestOf(setUp), 'utf8'));
      const all = [...manifest.partial_seizure, ...manifest.full_seizure, ...manifest.no_seizure];
      const lists = { partial_seizure: [], full_seizure: [], no_seizure: all };
      // As the lists stand in a manifest's file: a window a line.
      const text = Object.entries(lists)
        .map(([name, windows]) => {
          const lines = windows.map((window) => JSON.stringify(window));
          return `"${name}": ${lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`}`;
        })
        .join(',\n');
      Object.assign(manifest, lists, {
        windows_sha256: sha256(text),
        counts: { partial_seizure: 0, full_seizure: 0, no_seizure: all.length },
      });
      writeFileSync(manifestOf(setUp), JSON.stringify(manifest));
    },
    expected: ['E1 manifest-no-seizures'],
    evidence: /lists 0 partly seizure, 0 fully, 41 without; the entries have [1-9]/,
  },
  {
    name: 'a torn census',
    plant: ({ cache }) => truncateSync(join(cache, 'train/census.json'), 40),
    expected: ['D11 census-damaged'],
    evidence: /^Cannot read the census \S+train\/census\.json: /,
  },
  {
    name: 'windows that are longer than any recording',
    changes: [['window_size: 4 ', 'window_size: 400 ']],
    plant: () => undefined,
    expected: ['E1 no-seizures', 'E1 no-seizures'],
    evidence: /the longest recording has 50 s, a window 400 s$/,
  },
  {
    name: 'a torn manifest',
    plant: (setUp) => truncateSync(manifestOf(setUp), 400),
    expected: ['D11 manifest-damaged'],
    evidence: /manifest\.json: /,
  },
  {
    name: 'a manifest of before a recording was added',
    plant: async (setUp) => {
      rmSync(manifestOf(setUp, 'dev'));
      renameSync(join(setUp.cache, 'dev/chb03/chb03_02_clip_edfplusD.npz'), join(setUp.root, 'aside.npz'));
      await scan(setUp);
      renameSync(join(setUp.root, 'aside.npz'), join(setUp.cache, 'dev/chb03/chb03_02_clip_edfplusD.npz'));
    },
    expected: ['D2 manifest-stale'],
    evidence: /its entries have been built again, or there are others; it lists 0 partly seizure, 4 fully/,
  },
  {
    name: 'an entry that was removed',
    plant: ({ cache }) => rmSync(join(cache, 'train/chb01/chb01_04_clip.npz')),
    expected: ['D2 manifest-references', 'D4 cache-incomplete'],
    // 37 s are 17 of the 41 windows.
    evidence: /17 of 41 references \(41\.5 %, more than the 5 % that may be\) are to 1 entry that is/,
  },
  {
    name: 'a damaged entry',
    plant: ({ cache }) => truncateSync(join(cache, 'train/chb01/chb01_04_clip.npz'), 100_000),
    expected: ['D11 cache-corrupt'],
    evidence: /1 of 2 entries .*chb01_04_clip\.npz/,
  },
  {
    name: 'a damaged entry that is of no recording here',
    plant: ({ cache }) => writeFileSync(join(cache, 'dev/chb03/chb03_09.npz'), 'nothing'),
    expected: ['D11 cache-corrupt'],
    evidence: /1 of 3 entries .*chb03_09\.npz/,
  },
  {
    name: 'other preprocessing',
    changes: [['montage: double-banana', 'montage: double-banana\n  clip: 8']],
    plant: () => undefined,
    expected: ['D3 cache-other-settings', 'D3 cache-other-settings'],
    evidence: /2 of 2 entries .*clip 10 instead of 8/,
  },
  {
    name: 'a bound that clips much of the recordings',
    changes: [['montage: double-banana', 'montage: double-banana\n  clip: 1']],
    plant: async ({ data, cache }) => {
      rmSync(cache, { recursive: true });
      await build({ data, cache }, { clip: 1 });
    },
    expected: ['F2 clipped', 'F2 clipped'],
    evidence: /2 of 2 entries in \S+ have more than 5 % of their samples clipped; \S+\.npz [1-9]\d\.\d %/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'an entry of an earlier format',
    plant: ({ cache }) =>
      rewrite(join(cache, 'train'), 'chb01/chb01_04_clip.npz', ({ provenance, ...content }) => ({
        ...content,
        provenance: { ...provenance, version: provenance.version - 1 },
      })),
    expected: ['D3 cache-old-format'],
    evidence: /1 of 2 entries in \S+ \(chb01\/chb01_04_clip\.npz\): .*of format version \d+/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'a build that was interrupted, and its recordings are not here',
    plant: ({ cache, data }) => {
      rmSync(data, { recursive: true });
      for (const name of ['census.json', 'manifest.json']) rmSync(join(cache, 'train', name));
    },
    expected: ['D1 manifest-missing', 'D11 cache-unfinished'],
    evidence: /train holds 2 entries and no census\.json/,
  },
  {
    name: 'labels that lost their seizures',
    plant: async ({ cache }) => {
      await rewrite(join(cache, 'train'), 'chb01/chb01_04_clip.npz', (content) => ({
        ...content,
        labels: new Uint8Array(content.labels.length),
      }));
      await scan({ cache });
    },
    expected: ['A1 seizures-lost'],
    // chb01_04 is annotated for 27 s.
    evidence: /chb01_04_clip\.npz: 27\.0 s annotated, 0\.0 s in its labels/,
  },
  {
    name: 'both dev and val',
    plant: ({ cache }) => cpSync(join(cache, 'dev'), join(cache, 'val'), { recursive: true }),
    before: ({ cache }) => rmSync(join(cache, 'val'), { recursive: true }),
    expected: ['C4 cache-unreadable'],
    evidence: /both dev and val/,
  },
  {
    name: 'no dev split for early stopping',
    changes: [['early_stopping: null', 'early_stopping: {metric: auroc}']],
    plant: ({ cache, data }) => {
      rmSync(join(cache, 'dev'), { recursive: true });
      rmSync(join(data, 'chb03'), { recursive: true });
    },
    expected: ['C4 dev-missing'],
    evidence: /early_stopping watches auroc; .*dev holds no entry/,
  },
  {
    name: 'a limit when the cache was built',
    plant: async ({ data }) => {
      rmSync(join(data, '../cache'), { recursive: true });
      await build({ data, cache: join(data, '../cache') }, { limitFiles: 2 });
    },
    expected: ['H1 cache-limited', 'H1 cache-limited'],
    evidence: /the last build took 1 of 2 recordings/,
  },
  {
    name: 'a patient in two splits',
    plant: async ({ cache }) => {
      cpSync(join(cache, 'train/chb01/chb01_04_clip.npz'), join(cache, 'dev/chb01/chb01_04_clip.npz'));
      await scan({ cache });
    },
    expected: ['C1 patients-in-two-splits'],
    evidence: /1 patient \(chb01\)/,
  },
  {
    name: 'all of a split in another one, too: those go that are not the only seizures of theirs',
    plant: ({ cache }) => {
      for (const name of ['chb01/chb01_03_clip.npz', 'chb01/chb01_04_clip.npz'])
        cpSync(join(cache, 'train', name), join(cache, 'dev', name));
      rmSync(join(cache, 'dev/manifest.json'));
    },
    expected: ['C1 patients-in-two-splits', 'D1 manifest-missing'],
    evidence: /1 patient \(chb01\)/,
  },
  {
    name: 'no cache at all',
    plant: ({ cache }) => rmSync(cache, { recursive: true }),
    expected: ['D4 cache-missing'],
    evidence: /cache is not there/,
  },
  {
    name: 'what a killed build left, and an empty manifest',
    plant: (setUp) => {
      const left = join(setUp.cache, 'train/chb01/.x.npz.0123456789ab.tmp');
      writeFileSync(left, 'half');
      const anHourAgo = new Date(Date.now() - 3_600_000);
      utimesSync(left, anHourAgo, anHourAgo);
      writeFileSync(manifestOf(setUp), '[]');
    },
    expected: ['D1 manifest-empty', 'D11 leftovers'],
    evidence: /lists 0 windows/,
  },
  {
    name: 'a damaged entry and focal alpha',
    changes: [['learning_rate: 1e-3', 'learning_rate: 1e-3\n  focal_alpha: 0.25']],
    plant: ({ cache }) => truncateSync(join(cache, 'dev/chb03/chb03_01_clip_edfplusD.npz'), 100_000),
    expected: ['D11 cache-corrupt', 'E2 focal-alpha'],
    evidence: /chb03_01_clip_edfplusD/,
  },
  {
    name: 'seizures that do not reach over the ends of windows, for a balanced set',
    changes: [['use_balanced_sampling: false', 'use_balanced_sampling: true ']],
    plant: async ({ cache, data }) => {
      for (const name of ['chb01_03_clip', 'chb01_04_clip']) rmSync(join(cache, `train/chb01/${name}.npz`));
      mkdirSync(join(cache, 'train/chb03'), { recursive: true });
      for (const name of ['chb03_01_clip_edfplusD.npz', 'chb03_02_clip_edfplusD.npz'])
        renameSync(join(cache, 'dev/chb03', name), join(cache, 'train/chb03', name));
      rmSync(join(cache, 'dev'), { recursive: true });
      rmSync(join(data, 'chb01'), { recursive: true });
      await scan({ cache });
    },
    expected: ['E7 no-partial-seizures'],
    evidence: /0 windows partly seizure, 8 fully, 8 without/,
  },
];

/** Takes a patient's entries out, and the manifest that lists them. */
function rmPatient(cache: string, patient: string): void {
  rmSync(join(cache, 'train', patient), { recursive: true });
  rmSync(join(cache, 'train/manifest.json'));
}

async function rewrite(
  folder: string,
  name: string,
  change: (content: EntryContent) => EntryContent,
): Promise<void> {
  let content: EntryContent;
  {
    using entry = openEntry(folder, name);
    const { segments, scale, provenance } = entry;
    const signal = new Int16Array(entry.rows * entry.channels);
    const labels = new Uint8Array(entry.rows);
    entry.readAll(signal, labels);
    content = { signal, labels, segments, scale, provenance };
  }
  await writeEntry(join(folder, name), change(content));
}

test('a healthy cache has nothing to report, asked by configuration and by folder', async () => {
  const { config, cache } = corpus.copy();
  for (const path of [config, cache, join(cache, 'train')])
    for (const isDeep of [false, true]) expect(named(await examined(path, { isDeep }))).toEqual([]);
});

test.each(FAULTS)('$name: found, and nothing else; mended by what is printed', (fault) =>
  findAndMend(fault, corpus.copy(fault.changes)),
);

test('in pairs with faults of configuration, environment and machine, each is found as it is alone', async () => {
  const quick = FAULTS.filter(({ name }) =>
    /never written|empty manifest beside|another machine|torn manifest|entry that was removed|a damaged entry$|^no cache at all/.test(
      name,
    ),
  );
  expect(quick).toHaveLength(7);
  const others = [
    {
      changes: [['learning_rate: 1e-3', 'learning_rate: 1e-3\n  focal_alpha: 0.25']],
      expected: ['E2 focal-alpha'],
    },
    { changes: [['learning_rate: 1e-3', 'learning_rate: 0.5']], expected: ['F6 learning-rate'] },
    { variables: { BGB_LIMIT_FILES: '3' }, expected: ['H1 limit-files'] },
    { machine: { ...WORKSTATION, openFiles: 64 }, expected: ['M6 open-files'] },
    { machine: { ...WORKSTATION, freeBytes: () => 1000 }, expected: ['M7 disk-space'] },
  ] as const;
  for (const fault of quick)
    for (const other of others) {
      const setUp = corpus.copy('changes' in other ? other.changes : []);
      await fault.plant(setUp);
      const found = await examined(setUp.config, {
        ...('variables' in other && { variables: other.variables }),
        ...('machine' in other && { machine: other.machine }),
      });
      // A full disk has no room for a build either.
      const rules = named(found).filter((name) => name !== 'M8 cache-space');
      expect(rules).toEqual([...fault.expected, ...other.expected].sort());
      rmSync(setUp.root, { recursive: true });
    }
});

test('--fix mends manifests and removes leftovers, after saying so; a second look finds nothing', async () => {
  const setUp = corpus.copy();
  writeFileSync(manifestOf(setUp), '[]');
  truncateSync(manifestOf(setUp, 'dev'), 100);
  const left = join(setUp.cache, '.manifest.json.0123456789ab.tmp');
  mkdirSync(join(setUp.cache, 'dev'), { recursive: true });
  writeFileSync(join(setUp.cache, 'dev', basename(left)), 'half');
  utimesSync(join(setUp.cache, 'dev', basename(left)), 0, 0);
  const { code, output, errors } = type(`bgb doctor '${setUp.config}' --fix`, { cwd: setUp.root });
  expect(errors).toMatch(/Fixing: write .*train\/manifest\.json anew, of 2 entries\n/);
  expect(errors).toMatch(/Fixing: write .*dev\/manifest\.json anew, of 2 entries\n/);
  expect(errors).toMatch(/Fixing: remove 1 temporary file: /);
  expect(output).toMatch(/Nothing is wrong\./);
  expect(code).toBe(0);
  expect(existsSync(join(setUp.cache, 'dev', basename(left)))).toBe(false);
});

test('--deep finds a flipped byte that headers do not show', async () => {
  const { config, cache, root } = corpus.copy();
  const path = join(cache, 'train/chb01/chb01_03_clip.npz');
  const bytes = readFileSync(path);
  bytes[200_000]! ^= 1;
  writeFileSync(path, bytes);
  expect(named(await examined(config))).toEqual([]);
  const deep = await examined(config, { isDeep: true });
  expect(named(deep)).toEqual(['D11 cache-corrupt']);
  expect(deep.findings[0]!.evidence).toMatch(/the checksum of signal\.npy is wrong/);
  type(deep.findings[0]!.fix.command!, { cwd: root });
  expect(named(await examined(config, { isDeep: true }))).toEqual([]);
});

test('a cache alone: what can be told without a configuration, with commands that work', async () => {
  const { cache, root } = corpus.copy();
  rmSync(join(cache, 'dev/manifest.json'));
  truncateSync(join(cache, 'train/chb01/chb01_04_clip.npz'), 100_000);
  const before = await examined(cache);
  expect(named(before)).toEqual(['D1 manifest-missing', 'D11 cache-corrupt']);
  for (const { fix } of before.findings) type(fix.command!, { cwd: root });
  expect(named(await examined(cache))).toEqual([]);
});

const numpy = ['python3', '/usr/bin/python3'].find(
  (python) => spawnSync(python, ['-c', 'import numpy']).status === 0,
);

test.skipIf(numpy === undefined)(
  'a cache of another program: converted, and named in the configuration, as printed',
  async () => {
    const { config, cache, root } = corpus.copy();
    // Windows of 18 channels, compressed, as numpy writes them.
    const made = type(
      `${numpy} -c "
import numpy
windows = numpy.random.default_rng(0).normal(size=(20, 18, 1024)).astype('float32')
labels = numpy.zeros((20, 1024), 'uint8'); labels[8:12] = 1
numpy.savez_compressed('cache/train/chb05_01.npz', windows=windows, labels=labels)"`,
      { cwd: root },
    );
    expect(made).toMatchObject({ code: 0 });
    rmPatient(cache, 'chb01');
    const data = readFileSync(config, 'utf8').replace(/^ *data_dir: .*\n/m, '');
    writeFileSync(config, data);
    const before = await examined(config);
    expect(named(before)).toEqual(['D9 cache-foreign']);
    expect(before.findings[0]!.evidence).toMatch(/1 entry was made elsewhere: chb05_01\.npz/);
    expect(type(before.findings[0]!.fix.command!, { cwd: root })).toMatchObject({ code: 0 });
    expect(named(await examined(config))).toEqual([]);
  },
);

test('windows that moved since an earlier run of the same configuration are told, with both counts', async () => {
  const { config, cache, data, root } = corpus.copy([['epochs: 2', 'epochs: 1']]);
  expect(type(`bgb train '${config}'`, { cwd: root })).toMatchObject({ code: 0 });
  expect(named(await examined(config))).toEqual([]);
  for (const path of [join(cache, 'train/chb01/chb01_04_clip.npz'), join(data, 'chb01/chb01_04_clip.edf')])
    rmSync(path);
  await scan({ cache });
  const moved = await examined(config);
  expect(named(moved)).toEqual(['E5 counts-moved']);
  // 41 windows of 50 and 37 s; 24 of the first alone.
  const counts =
    /run: (\d+) partly seizure, (\d+) fully, (\d+) without; now (\d+) partly seizure, (\d+) fully, (\d+) without/;
  const [, ...found] = counts.exec(moved.findings[0]!.evidence)!.map(Number);
  expect([found[0]! + found[1]! + found[2]!, found[3]! + found[4]! + found[5]!]).toEqual([41, 24]);
  // Another run on what is there now is the one to compare with from then on.
  // Those of another corpus are others without anything being wrong.
  const other = `${root}/other`;
  cpSync(cache, other, { recursive: true });
  expect(named(await examined(config, { set: [`data.cache_dir=${other}`] }))).toEqual([]);
  const again = `bgb train '${config}' --set experiment.output_dir=${join(root, 'again')}`;
  expect(type(again, { cwd: root })).toMatchObject({ code: 0 });
  expect(named(await examined(config))).toEqual([]);
});

test('exit codes: 0 healthy, 1 findings, 2 it could not be looked at; --json is one document', () => {
  const { config, cache, root } = corpus.copy();
  expect(type(`bgb doctor '${config}'`, { cwd: root }).code).toBe(0);
  expect(type('bgb doctor nowhere', { cwd: root })).toMatchObject({ code: 2, output: '' });
  // A folder of runs is no cache without entries.
  mkdirSync(join(root, 'results/one'), { recursive: true });
  writeFileSync(join(root, 'results/one/run.json'), '{}');
  const runs = type('bgb doctor results', { cwd: root });
  expect(runs).toMatchObject({ code: 2, output: '', errors: expect.stringContaining('results/one') });
  rmSync(join(cache, 'train/manifest.json'));
  const { code, output } = type(`bgb doctor '${config}' --json`, { cwd: root });
  expect(code).toBe(1);
  expect(JSON.parse(output)).toMatchObject({
    target: { kind: 'configuration', path: config },
    is_healthy: false,
    findings: [
      {
        id: 'D1',
        rule: 'manifest-missing',
        severity: 'wasteful',
        fix: { command: `bgb scan-cache --cache-dir ${cache} --config ${config}` },
        is_fixed_by_fix: true,
      },
    ],
    fixed: [],
  });
});
