import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packClone, SETTINGS, standInWithSample, VOLUME } from './testing/sample-run.ts';
import type { StandIn } from './testing/stand-in.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const MAIN = path('src/cli/main.ts');
let standIn: StandIn;
let bundle: string;

beforeAll(async () => {
  standIn = await standInWithSample({
    secrets: { wandb: { WANDB_KEY: 'hush' } },
    buckets: { eeg: path('data/sample') },
  });
  bundle = join(standIn.folder, 'bundle.tar.gz');
  packClone(bundle);
});
// Copies of the volume, one a container, are removed with it.
afterAll(async () => await standIn[Symbol.asyncDispose](), 60_000);

/** `bgb` as typed on a machine that has a token. */
function bgb(words: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ...standIn.variables, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { output: '', errors: '' };
  child.stdout.on('data', (text) => {
    said.output += text;
  });
  child.stderr.on('data', (text) => {
    said.errors += text;
  });
  const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, ...said })),
  );
  return { child, said, ended };
}

const train = (run: string, ...more: string[]) => [
  ...[
    'train',
    path('configs/modal/smoke.yaml'),
    '--device',
    'cpu',
    '--on',
    'modal',
    '--yes',
    '--bundle',
    bundle,
  ],
  ...[...SETTINGS, `experiment.output_dir=/results/${run}`].flatMap((each) => ['--set', each]),
  ...more,
];

test('train --on modal checks, sends the code, trains, and is done by its done.json', async () => {
  const { code, output, errors } = await bgb(train('checked', '--secret', 'wandb'), {
    BGB_LIMIT_FILES: '50',
    BGB_FORCE_MANIFEST_REBUILD: '1',
  }).ended;
  expect(code, errors).toBe(0);
  expect(errors).toMatch(
    /^Goes along once: BGB_FORCE_MANIFEST_REBUILD=1\nStays here: BGB_LIMIT_FILES \(a limit of files/,
  );
  expect(errors).toMatch(/\$4\.31 an hour by list price/); // 2.50 + 2 x 0.135 + 64 x 0.024
  expect(errors).toMatch(/Code [0-9a-f]{16} sent\./);
  expect(errors).toMatch(/Done\. Fetch it: bgb modal pull checked\n$/);
  for (const number of [2, 3, 5, 6, 7, 8, 9, 10])
    expect(output).toMatch(new RegExp(`^ ?${number}  .*passed`, 'm'));
  expect(output).toMatch(/losses of 8 steps within .* of the launching machine's/);
  expect(output).toMatch(/done: finished at step 16/);
  expect(existsSync(join(standIn.volume(VOLUME).folder, 'checked/done.json'))).toBe(true);
  expect(standIn.sandbox('checked').definition.resources).toMatchObject({
    milliCpu: 2000,
    memoryMb: 65536,
    gpuConfig: { gpuType: 'A100-80GB' },
  });
});

test('Ctrl-C leaves the run; a second one stops it', async () => {
  const { child, said, ended } = bgb(train('left', '--no-drill', '--set', 'training.epochs=50'));
  while (!said.output.includes('epoch 1/50')) await delay(20);
  child.kill('SIGINT');
  while (!said.errors.includes('bgb modal logs left -f')) await delay(20);
  expect(standIn.sandbox('left').container.end).toBeNull();
  child.kill('SIGINT');
  const { code, errors } = await ended;
  expect([code, errors]).toEqual([
    130,
    expect.stringMatching(/left has saved and stopped; go on with: bgb modal resume left\n$/),
  ]);
  expect(standIn.sandbox('left').container.end).not.toBeNull();
});

test('--detach leaves once the checks have passed; a failed check starts nothing', async () => {
  const detached = await bgb(train('detached', '--no-drill', '--detach', '--json')).ended;
  expect(detached.code, detached.errors).toBe(0);
  expect(detached.errors).toMatch(
    /detached runs on by itself. Come back from anywhere: bgb modal logs detached -f/,
  );
  expect(JSON.parse(detached.output)).toMatchObject({ run: 'detached', ending: null, done: null });
  const refused = await bgb(train('refused', '--no-drill', '--set', 'data.cache_dir=/results/none')).ended;
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(
    / 5 {2}data manifest.*FAILED {2}\/results\/none\/train\/manifest.json is not there: bgb modal scan-cache/,
  );
  expect(existsSync(join(standIn.volume(VOLUME).folder, 'refused'))).toBe(false);
});

test('Ctrl-C while it waits for a machine takes back what was begun', async () => {
  const starts = () => standIn.calls.filter((call) => call.startsWith('sandboxCreate')).length;
  const before = starts();
  standIn.faults.startupMs = 2000;
  try {
    const { child, ended } = bgb(train('queued', '--no-drill'));
    while (starts() === before) await delay(10);
    child.kill('SIGINT');
    const over = expect.stringMatching(/queued was not started\.\n$/);
    expect(await ended).toMatchObject({ code: 130, errors: over });
  } finally {
    standIn.faults.startupMs = 0;
  }
});

test('by its name alone: status, logs, stop, resume, pull and the run is an ordinary run folder', async () => {
  const status = async () => JSON.parse((await bgb(['modal', 'status', 'left', '--json']).ended).output);
  // Stopped by the second Ctrl-C above.
  expect(await status()).toMatchObject({
    run: 'left',
    state: 'stopped',
    code: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  const containers = standIn.sandboxes.length;
  const damaged = join(standIn.volume(VOLUME).folder, '.bgb/runs/damaged');
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'job.json'), '{"format": "bgb-j');
  const all = await bgb(['modal', 'status']).ended;
  rmSync(damaged, { recursive: true });
  expect(all.output).toMatch(/^checked +done +16 +1 /m);
  expect(all.errors).toMatch(/^Warning: .*damaged\/job\.json is not a job as bgb writes it/);
  // 2.50 + 2 x 0.135 + 64 x 0.024 USD an hour, as it was started: nobody is at a terminal to be asked.
  const unasked = await bgb(['modal', 'resume', 'left']).ended;
  expect([unasked.code, unasked.errors]).toEqual([
    2,
    expect.stringMatching(/about \$4\.31 an hour .*Give --yes to agree to it\.\n$/s),
  ]);
  // Neither took a machine.
  expect(standIn.sandboxes).toHaveLength(containers);
  const resumed = await bgb(['modal', 'resume', 'left', '--yes', '--detach']).ended;
  expect([resumed.code, resumed.errors]).toEqual([
    0,
    expect.stringMatching(/goes on from .*left runs on by itself/s),
  ]);
  expect((await bgb(['modal', 'stop', 'left']).ended).errors).toMatch(
    /left has saved and stopped\. Go on with/,
  );
  expect(await status()).toMatchObject({ state: 'stopped', attempts: [{}, {}] });
  const whole = await bgb(['modal', 'logs', 'checked']).ended;
  expect(whole.output.match(/done: finished at step 16/g)).toHaveLength(1);
  const to = join(standIn.folder, 'pulled');
  const pulled = await bgb(['modal', 'pull', 'checked', '--to', to]).ended;
  expect(pulled.code, pulled.errors).toBe(0);
  expect(pulled.output).toMatch(/pulled: \d+ files, each the same by SHA-256/);
  const again = await bgb(['modal', 'pull', 'checked', '--to', to, '--json']).ended;
  expect(JSON.parse(again.output)).toMatchObject({ copied: 0, is_done: true });
  const other = await bgb(['modal', 'pull', 'left', '--to', to]).ended;
  expect([other.code, other.errors]).toEqual([2, expect.stringMatching(/holds another version .*not mixed/)]);
  const runs = await bgb(['runs', standIn.folder, '--json']).ended;
  expect(JSON.parse(runs.output).runs).toContainEqual(
    expect.objectContaining({ folder: expect.stringMatching(/pulled$/) }),
  );
  // The same training here: every window list is the same, and so is every loss.
  const own = join(standIn.folder, 'own');
  const cache = join(standIn.volume(VOLUME).folder, 'cache/smoke');
  const set = [...SETTINGS, `data.cache_dir=${cache}`, `experiment.output_dir=${own}`];
  const words = set.flatMap((each) => ['--set', each]);
  await bgb(['train', path('configs/local/smoke.yaml'), ...words]).ended;
  const parity = await bgb(['parity', own, to, '--json']).ended;
  expect(parity.code, parity.output).toBe(0);
  const { steps } = JSON.parse(parity.output);
  expect([steps.compared, steps.first_window_difference, steps.largest_loss_difference]).toEqual([
    16,
    null,
    0,
  ]);
  const evaluated = await bgb([
    'evaluate',
    to,
    join(standIn.volume(VOLUME).folder, 'cache/smoke'),
    '--device',
    'cpu',
  ]).ended;
  expect(evaluated.code, evaluated.errors).toBe(0);
  for (const words of [
    ['status', 'never'],
    ['resume', 'never'],
  ]) {
    const { code, errors } = await bgb(['modal', ...words]).ended;
    expect([code, errors]).toEqual([2, expect.stringMatching(/No run 'never' was started here/)]);
  }
});

test('a cache is pushed; one is built there by several containers, its manifest written once', async () => {
  const pushed = await bgb([
    'modal',
    'push',
    join(standIn.volume(VOLUME).folder, 'cache/smoke'),
    '--to',
    '/results/cache/pushed',
  ]).ended;
  expect(pushed.code, pushed.errors).toBe(0);
  expect(existsSync(join(standIn.volume(VOLUME).folder, 'cache/pushed/train/manifest.json'))).toBe(true);
  const words = [
    'modal',
    'build-cache',
    '--yes',
    '--bundle',
    bundle,
    '--data',
    'bucket:eeg',
    '--workers',
    '2',
  ];
  const cache = [
    '--data-dir',
    '/data/chb01',
    '--cache-dir',
    '/results/cache/built',
    '--split',
    'train',
    '--jobs',
    '1',
  ];
  const built = await bgb([...words, ...cache, '--config', path('configs/local/smoke.yaml')]).ended;
  expect(built.code, `${built.errors}${built.output}`).toBe(0);
  const folder = join(standIn.volume(VOLUME).folder, 'cache');
  const entries = (name: string) => globSync('train/**/*.npz', { cwd: join(folder, name) }).sort();
  expect(entries('built')).toEqual(entries('smoke'));
  for (const name of [...entries('smoke'), 'train/manifest.json'])
    expect(
      readFileSync(join(folder, 'built', name)).equals(readFileSync(join(folder, 'smoke', name))),
      name,
    ).toBe(true);
  const workers = standIn.sandboxes.filter(({ name }) => /^build-cache\..*\.\d$/.test(name));
  expect(workers).toHaveLength(2);
});
