import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../config/index.ts';
import type { Machine } from './machine.ts';
import { CLOUD, examined, named, WITH_GPU, WORKSTATION } from './testing/looking.ts';
import { type } from './testing/shell.ts';
import { writeSettings } from './write-setting.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-doctor-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shipped = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../configs/${name}`, import.meta.url)), 'utf8');

/** Configurations are looked at without a cache here: what is said of that is left out. */
const ABOUT_CACHE = /cache-missing|output|cuda/;
let count = 0;

/** The shipped configurations of both kinds in a folder of their own, changed. */
function configs(changes: Readonly<Record<string, readonly (readonly [string, string])[]>>): string {
  const root = join(folder, `case-${count++}`);
  for (const name of ['local/train.yaml', 'modal/train_a100.yaml']) {
    let text = shipped(name);
    for (const [from, to] of changes[name] ?? []) {
      expect(text).toContain(from);
      text = text.replace(from, to);
    }
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

async function found(path: string, machine: Machine, variables: Record<string, string> = {}) {
  const examination = await examined(path, { machine, variables });
  const findings = examination.findings.filter(({ rule }) => !ABOUT_CACHE.test(rule));
  return { ...examination, findings };
}

test('the shipped configurations pass the checklist, whichever of the two is asked about', async () => {
  const root = configs({});
  for (const [name, machine] of [
    ['local/train.yaml', WITH_GPU],
    ['local/train.yaml', WORKSTATION],
    ['modal/train_a100.yaml', WITH_GPU],
    ['modal/train_a100.yaml', CLOUD],
  ] as const) {
    const { checklist, findings } = await found(join(root, name), machine);
    expect(findings).toEqual([]);
    expect(checklist.map(({ item }) => item)).toEqual([
      'local loader: 4 workers, pinned, persistent',
      'cloud loader: 8 workers, pinned; progress bars off',
      'cache directories under one root each',
      'balanced set with seizures',
    ]);
    expect(checklist.slice(0, 3).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  }
});

const LOCAL = 'local/train.yaml';
const MODAL = 'modal/train_a100.yaml';

/** One fault each: where, what is changed, and what must be found. */
const FAULTS: readonly {
  readonly name: string;
  readonly changes: Parameters<typeof configs>[0];
  readonly asked: string;
  readonly machine?: Machine;
  readonly expected: readonly string[];
  readonly evidence: RegExp;
}[] = [
  {
    name: 'no workers on a GPU',
    changes: {
      [LOCAL]: [
        ['num_workers: 4', 'num_workers: 0'],
        ['persistent_workers: true', ''],
        ['prefetch_factor: 2', ''],
      ],
    },
    asked: LOCAL,
    expected: ['L1 loader-workers'],
    evidence: /train\.yaml: data\.num_workers is 0 \(.*train\.yaml:\d+\), data\.residency auto/,
  },
  {
    name: 'too few workers in the cloud, seen from the local configuration',
    changes: { [MODAL]: [['num_workers: 8', 'num_workers: 2']] },
    asked: LOCAL,
    expected: ['L1 loader-workers'],
    evidence: /train_a100\.yaml: data\.num_workers is 2/,
  },
  {
    name: 'not pinned',
    changes: { [MODAL]: [['pin_memory: true', 'pin_memory: false']] },
    asked: MODAL,
    expected: ['L2 loader-pinned'],
    evidence: /pin_memory is false/,
  },
  {
    name: 'not persistent',
    changes: { [LOCAL]: [['persistent_workers: true', 'persistent_workers: false']] },
    asked: LOCAL,
    expected: ['L3 loader-persistent'],
    evidence: /persistent_workers is false/,
  },
  {
    name: 'focal alpha',
    changes: { [LOCAL]: [['focal_alpha: 0.5 ', 'focal_alpha: 0.25 ']] },
    asked: LOCAL,
    expected: ['E2 focal-alpha'],
    evidence: /seizure weighs 0\.25, background 0\.75/,
  },
  {
    name: 'two corrections',
    changes: {
      [LOCAL]: [
        ['focal_alpha: 0.5 ', 'focal_alpha: 0.75 '],
        ['pos_weight: null', 'pos_weight: 8'],
      ],
    },
    asked: LOCAL,
    expected: ['E3 double-correction'],
    evidence: /focal_alpha 0\.75, found 8/,
  },
  {
    name: 'two cache settings',
    changes: { [LOCAL]: [['  name: tusz\n', '  name: tusz\n  cache_dir: cache/other\n']] },
    asked: LOCAL,
    expected: ['D4 two-cache-settings'],
    evidence: /cache\/tusz.*found 'cache\/other'/,
  },
  {
    name: 'learning rate of another batch',
    changes: { [LOCAL]: [['learning_rate: 3e-4', 'learning_rate: 3e-2']] },
    asked: LOCAL,
    expected: ['F6 learning-rate'],
    evidence: /0\.03 .* at 8 windows a step, 1\.0e\+2 times/,
  },
  {
    name: 'a local path in the cloud',
    changes: { [MODAL]: [['cache_dir: /results/cache/tusz', 'cache_dir: /home/ann/cache/tusz']] },
    asked: MODAL,
    expected: ['D4 cloud-paths'],
    evidence: /data\.cache_dir is \/home\/ann\/cache\/tusz/,
  },
  {
    name: "the cloud's path on a workstation",
    changes: { [LOCAL]: [['cache_dir: cache/tusz', 'cache_dir: /results/cache/tusz']] },
    asked: LOCAL,
    expected: ['D4 local-paths'],
    evidence: /output_dir results\/tusz_local/,
  },
  {
    name: 'two at once',
    changes: {
      [LOCAL]: [
        ['focal_alpha: 0.5 ', 'focal_alpha: 0.25 '],
        ['pin_memory: true', 'pin_memory: false'],
      ],
      [MODAL]: [['output_dir: /results/tusz_a100', 'output_dir: results/tusz_a100']],
    },
    asked: LOCAL,
    expected: ['D4 cloud-paths', 'E2 focal-alpha', 'L2 loader-pinned'],
    evidence: /./,
  },
];

test.each(FAULTS)('$name: found, and nothing else; the printed command mends it', async (fault) => {
  const { changes, asked, machine = WITH_GPU, expected, evidence } = fault;
  const path = join(configs(changes), asked);
  const before = await found(path, machine);
  expect(named(before)).toEqual(expected);
  expect(before.findings[0]!.evidence).toMatch(evidence);
  for (const { fix } of before.findings) {
    const ran = type(fix.command!, { cwd: folder });
    expect(ran).toMatchObject({ code: 0, output: expect.stringContaining(' -> ') });
  }
  expect(named(await found(path, machine))).toEqual([]);
});

test("a fetched run's record of the copy of its cache is no slip", async () => {
  const change: [string, string] = ['cache_dir: /results/cache/tusz', 'cache_dir: /tmp/bgb-cache'];
  const path = join(configs({ [MODAL]: [change] }), MODAL);
  expect(named(await found(path, WITH_GPU))).toEqual([]);
});

test('a limit in the environment is found, and a variable that means nothing', async () => {
  const path = join(configs({}), LOCAL);
  const variables = { BGB_LIMIT_FILES: '50', BGB_LIMIT_FILE: '50' };
  const { findings } = await found(path, WITH_GPU, variables);
  expect(findings.map(({ rule, fix }) => `${rule}: ${fix.command}`)).toEqual([
    'limit-files: unset BGB_LIMIT_FILES',
    'unknown-variable: unset BGB_LIMIT_FILE',
  ]);
  const mended = type(`${findings[0]!.fix.command}; ${findings[1]!.fix.command}; env | grep -c BGB_LIMIT`, {
    cwd: folder,
    env: variables,
  });
  expect(mended.output.trim()).toBe('0');
});

test('any other problem of a configuration is a finding that says where', async () => {
  const path = join(configs({ [LOCAL]: [['num_workers: 4', 'num_worker: 4']] }), LOCAL);
  const { findings } = await found(path, WITH_GPU);
  expect(named({ checklist: [], findings })).toEqual(['H3 config-refused']);
  expect(findings[0]!.evidence).toMatch(/train\.yaml:\d+:\d+: data\.num_worker: /);
});

test('loader settings that a run does not use are nobody’s business', async () => {
  const without: [string, string][] = [
    ['num_workers: 4', 'num_workers: 0'],
    ['pin_memory: true', 'pin_memory: false'],
    ['persistent_workers: true', 'persistent_workers: false'],
    ['prefetch_factor: 2', 'prefetch_factor: null'],
  ];
  const residency = (value: string): [string, string] => ['residency: auto ', `residency: ${value} `];
  const device = (value: string): [string, string] => ['device: cuda ', `device: ${value} `];
  for (const [changes, machine, expected] of [
    [[residency('device')], WITH_GPU, []],
    [[residency('host'), ['pin_memory: false', 'pin_memory: true']], WITH_GPU, []],
    [[residency('host')], WITH_GPU, ['L2 loader-pinned']],
    [[residency('disk'), device('cpu')], WORKSTATION, ['L1 loader-workers']],
    [[device('cpu')], WORKSTATION, []],
    [[device('auto')], WORKSTATION, []],
    [[device('auto')], WITH_GPU, ['L1 loader-workers', 'L2 loader-pinned']],
  ] as const) {
    const all = [...without, ...changes] as [string, string][];
    expect(named(await found(join(configs({ [LOCAL]: all }), LOCAL), machine))).toEqual(expected);
  }
});

test('--write keeps comments and order, takes a field out, and writes nothing that could not be used', async () => {
  const path = join(configs({}), LOCAL);
  const before = readFileSync(path, 'utf8');
  expect(await writeSettings(path, ['data.num_workers=2', 'training.ema_decay='])).toEqual([
    `${path}: data.num_workers: 4 -> 2`,
    `${path}: training.ema_decay: null -> not stated`,
  ]);
  const after = readFileSync(path, 'utf8');
  const comments = (text: string) => text.match(/#.*/g)!.map((comment) => comment.trim());
  expect(comments(before).filter((comment) => !comments(after).includes(comment))).toEqual([
    '# 0.999: a moving average of the weights is evaluated and saved',
  ]);
  expect(after).toContain('num_workers: 2');
  await expect(writeSettings(path, ['data.num_workers=-1'])).rejects.toThrow(/data\.num_workers/);
  await expect(writeSettings(path, ['num_workers'])).rejects.toThrow(/expected section\.field=value/);
  expect(readFileSync(path, 'utf8')).toBe(after);
});

test('--write adds to a list, each thing once; comments in it stay', async () => {
  const path = join(configs({ [LOCAL]: [['data:', 'data:\n  exclude:\n    - a.edf # no signal']] }), LOCAL);
  expect(await writeSettings(path, ['data.exclude+=b/c.edf', 'data.exclude+=a.edf'])).toEqual([
    `${path}: data.exclude: b/c.edf added`,
    `${path}: data.exclude: a.edf added`,
  ]);
  expect(readFileSync(path, 'utf8')).toMatch(/exclude:\n {4}- a\.edf # no signal\n {4}- b\/c\.edf\n/);
  const bare = join(configs({}), LOCAL);
  await writeSettings(bare, ['data.exclude+=d.edf', 'data.exclude+=e.edf']);
  await writeSettings(bare, [
    "data.exclude+=it's: odd.edf".replace(/=(.*)/, (_, name) => `=${JSON.stringify(name)}`),
  ]);
  expect((await loadConfig(bare)).config.data.exclude).toEqual(['d.edf', 'e.edf', "it's: odd.edf"]);
  await expect(writeSettings(path, ['data.num_workers+=1'])).rejects.toThrow(
    /data\.num_workers is 4, no list/,
  );
});

test('of two settings that are wrong, each is mended by its own command', async () => {
  const wrong = [
    ['focal_alpha: 0.5 ', 'focal_alpha: 0.75 '],
    ['pos_weight: null', 'pos_weight: 4'],
    ['\nexperiment:', '\nexperiment:\n  cache_dir: elsewhere'],
  ] as const;
  const root = configs({ [LOCAL]: wrong });
  for (const rule of ['D4 two-cache-settings', 'E3 double-correction']) {
    const examination = await examined(join(root, LOCAL));
    const at = named(examination).indexOf(rule);
    expect(type(examination.findings[at]!.fix.command!, { cwd: root })).toMatchObject({ code: 0 });
  }
  expect(named(await examined(join(root, LOCAL)))).not.toContain('E3 double-correction');
  expect(named(await examined(join(root, LOCAL)))).not.toContain('H3 config-refused');
});

test('the configurations that bgb comes with: nothing is reported on the machine that each is for', async () => {
  for (const name of ['local/smoke.yaml', 'local/smoke_gpu.yaml', 'local/train.yaml'])
    expect({ name, found: await toldOf(name, WITH_GPU) }).toEqual({ name, found: [] });
  for (const name of ['modal/smoke.yaml', 'modal/smoke_a100.yaml', 'modal/train_a100.yaml'])
    for (const machine of [WORKSTATION, CLOUD])
      expect({ name, found: await toldOf(name, machine) }).toEqual({ name, found: [] });
});

/** All but that its cache has not been built. */
async function toldOf(name: string, machine: Machine): Promise<string[]> {
  const path = fileURLToPath(new URL(`../../configs/${name}`, import.meta.url));
  return named(await examined(path, { machine })).filter((rule) => rule !== 'D4 cache-missing');
}
