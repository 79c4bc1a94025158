import { spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Machine } from './machine.ts';
import { Corpus, SAMPLE } from './testing/corpus.ts';
import { CLOUD, examined, named, WITH_GPU, WORKSTATION } from './testing/looking.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.make();
});
afterAll(() => corpus[Symbol.dispose]());

const GIB = 2 ** 30;
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const MACHINES: Readonly<Record<string, Machine>> = {
  workstation: WORKSTATION,
  'two cores': { ...WORKSTATION, cores: 2, memoryBytes: 8 * GIB },
  'with GPU': WITH_GPU,
  'GPU that tells nothing': {
    ...WITH_GPU,
    gpus: [
      { description: 'NVIDIA GeForce RTX 3060, [N/A], driver 551.23', totalBytes: null, freeBytes: 11 * GIB },
    ],
  },
  WSL2: {
    ...WITH_GPU,
    wsl: { config: null },
    mountinfo: `${WITH_GPU.mountinfo}\n110 70 0:54 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs;path=C:\\`,
  },
  container: {
    ...WORKSTATION,
    mountinfo: '70 82 0:8 / / rw - overlay overlay rw',
    sharedMemoryBytes: 64 * 2 ** 20,
  },
  cloud: CLOUD,
};

/** `data:` of each residency, with the settings that it needs on a CPU and on a GPU. */
const LOADERS = {
  auto: 'residency: auto',
  device: 'residency: device',
  host: 'residency: host\n  pin_memory: true',
  disk: 'residency: disk\n  num_workers: 8\n  pin_memory: true\n  persistent_workers: true',
} as const;

const DEVICES: Readonly<Record<string, readonly string[]>> = {
  cpu: Object.keys(MACHINES),
  auto: Object.keys(MACHINES),
  cuda: ['with GPU', 'GPU that tells nothing', 'WSL2', 'cloud'],
};

test('a hundred healthy set-ups: every residency, device and machine; nothing is reported', async () => {
  let count = 0;
  for (const loader of Object.values(LOADERS))
    for (const [device, machines] of Object.entries(DEVICES)) {
      const { config, root } = corpus.copy([
        ['use_balanced_sampling: false', `use_balanced_sampling: false\n  ${loader}`],
        ['device: cpu', `device: ${device}`],
      ]);
      for (const name of machines)
        for (const variables of [{}, { BGB_DISABLE_TQDM: '1' }] as Record<string, string>[]) {
          const examination = await examined(config, { machine: MACHINES[name]!, variables });
          expect({ loader, device, name, found: named(examination) }).toMatchObject({ found: [] });
          expect(examination.checklist.filter(({ state }) => state === 'finding')).toEqual([]);
          count++;
        }
      rmSync(root, { recursive: true });
    }
  expect(count).toBeGreaterThan(100);
});

/** Changes of a configuration that are a matter of taste, or of the data. */
const CHANGES: readonly (readonly (readonly [string, string])[])[] = [
  [['use_balanced_sampling: false', 'use_balanced_sampling: true']],
  [['max_samples: 64', 'max_samples: null']],
  [['  epochs: 2', '  pos_weight: auto\n  epochs: 2']],
  [['  epochs: 2', '  loss: bce\n  pos_weight: 8\n  epochs: 2']],
  [['  epochs: 2', '  focal_alpha: 0.75\n  epochs: 2']],
  [
    ['  epochs: 2', '  optimizer: sgd\n  epochs: 2'],
    ['learning_rate: 1e-3', 'learning_rate: 0.1'],
  ],
  [['learning_rate: 1e-3', 'learning_rate: 3e-4']],
  [
    ['batch_size: 8', 'batch_size: 256'],
    ['learning_rate: 1e-3', 'learning_rate: 1e-3'],
  ],
  [['early_stopping: null', 'early_stopping: {patience: 3, metric: auroc}']],
  [['batch_size: 8', 'batch_size: 2\n  gradient_accumulation_steps: 4']],
];

test('healthy configurations of all kinds, and caches alone', async () => {
  for (const changes of CHANGES) {
    const { config, cache, root } = corpus.copy(changes);
    for (const path of [config, cache])
      expect({ changes, found: named(await examined(path)) }).toMatchObject({ found: [] });
    rmSync(root, { recursive: true });
  }
});

/** How corpora lie: each puts two recordings of one patient and two of another there, and says what `data_dir` is. */
const LAYOUTS: Readonly<Record<string, (root: string) => readonly string[]>> = {
  "CHB-MIT's summaries, in the folder above": (root) => {
    for (const [name, endS] of [
      ['chb01_03', 50],
      ['chb01_04', 37],
    ] as const) {
      put(`chb01/${name}_clip.edf`, join(root, `chb01/${name}.edf`));
      const lines = [`File Name: ${name}.edf`, 'Number of Seizures in File: 1'];
      lines.push('Seizure Start Time: 10 seconds', `Seizure End Time: ${endS} seconds`);
      appendFileSync(join(root, 'chb01-summary.txt'), `${lines.join('\n')}\n\n`);
    }
    putDev(root);
    return [root];
  },
  BIDS: (root) => {
    for (const [run, name, endS] of [
      ['01', 'chb01_03', 50],
      ['02', 'chb01_04', 37],
    ] as const) {
      const stem = join(root, `sub-01/eeg/sub-01_task-szMonitoring_run-${run}`);
      put(`chb01/${name}_clip.edf`, `${stem}_eeg.edf`);
      const rows = [`10.00\t${endS - 10}.00\tsz\t${endS}.00`];
      writeFileSync(
        `${stem}_events.tsv`,
        `${['onset\tduration\teventType\trecordingDuration', ...rows].join('\n')}\n`,
      );
    }
    for (const [run, name] of [
      ['01', 'chb03_01'],
      ['02', 'chb03_02'],
    ])
      put(
        `chb03/${name}_clip_edfplusD.edf`,
        join(root, `sub-03/eeg/sub-03_task-szMonitoring_run-${run}_eeg.edf`),
      );
    return [root];
  },
  'two data folders': (root) => {
    for (const name of ['chb01_03_clip', 'chb01_04_clip'])
      for (const ending of ['.edf', '.csv_bi'])
        put(`chb01/${name}${ending}`, join(root, `one/chb01/${name}${ending}`));
    putDev(join(root, 'two'));
    return [join(root, 'one'), join(root, 'two')];
  },
  'splits of its own, linked into place': (root) => {
    for (const name of ['chb01_03_clip', 'chb01_04_clip'])
      for (const ending of ['.edf', '.csv_bi'])
        put(`chb01/${name}${ending}`, join(root, `elsewhere/chb01/${name}${ending}`));
    putDev(join(root, 'corpus/dev'));
    symlinkSync('../elsewhere', join(root, 'corpus/train'));
    return [join(root, 'corpus')];
  },
};

function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(SAMPLE, from), to);
}

function putDev(root: string): void {
  for (const name of ['chb03_01_clip_edfplusD.edf', 'chb03_02_clip_edfplusD.edf'])
    put(`chb03/${name}`, join(root, 'chb03', name));
}

test.each(Object.entries(LAYOUTS))(
  'a corpus with %s is healthy, before and after it was copied',
  async (_, lay) => {
    const { config, cache, data, root } = corpus.copy();
    for (const path of [cache, data]) rmSync(path, { recursive: true });
    const folders = lay(data);
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace(`data_dir: ${data}`, `data_dir: ${JSON.stringify(folders)}`),
    );
    for (const folder of folders) expect(named(await examined(folder))).toEqual([]);
    const before = await examined(config);
    expect(named(before)).toEqual(['D4 cache-missing']);
    expect(type(before.findings[0]!.fix.command!, { cwd: root })).toMatchObject({ code: 0 });
    for (const isDeep of [false, true]) expect(named(await examined(config, { isDeep }))).toEqual([]);
    // With times that are newer than the cache's.
    cpSync(data, `${data}-copy`, { recursive: true, verbatimSymlinks: true });
    const copied = readFileSync(config, 'utf8').replaceAll(data, `${data}-copy`);
    writeFileSync(config, copied);
    for (const isDeep of [false, true]) expect(named(await examined(config, { isDeep }))).toEqual([]);
  },
);

test('runs that are healthy: live, stopped, resumed, finished; read from disk and from memory', async () => {
  for (const loader of [LOADERS.auto, 'residency: disk\n  num_workers: 1']) {
    const { config, root, cache } = corpus.copy([
      ['use_balanced_sampling: false', `use_balanced_sampling: false\n  ${loader}`],
      ['epochs: 2', 'epochs: 3'],
    ]);
    const run = join(root, 'run');
    const look = async () => named(await examined(run));
    const child = spawn(process.execPath, [MAIN, 'train', config], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const events = join(run, 'events.jsonl');
    while (
      child.exitCode === null &&
      !(existsSync(events) && readFileSync(events, 'utf8').includes('"step"'))
    )
      await delay(20);
    expect(await look()).toEqual([]);
    child.kill('SIGINT');
    await ended;
    expect(await look()).toEqual([]);
    // Where it was done before the signal came, there is nothing to go on with.
    if (!existsSync(join(run, 'done.json')))
      expect(type(`bgb train '${config}' --resume`, { cwd: root })).toMatchObject({ code: 0 });
    expect(await look()).toEqual([]);
    expect(named(await examined(config))).toEqual([]);
    // What was trained from may be gone: the run is none the worse.
    rmSync(cache, { recursive: true });
    expect(await look()).toEqual([]);
  }
});
