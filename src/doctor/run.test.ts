import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isStarved, lastSession, paceOf } from './pace.ts';
import { Corpus, type SetUp } from './testing/corpus.ts';
import { examined, named, WORKSTATION } from './testing/looking.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.make();
});
afterAll(() => corpus[Symbol.dispose]());
afterEach(() => {
  delete process.env.SLOW_READ_MS;
});

const SLOW_READS = fileURLToPath(new URL('testing/slow-reads.cjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

/** Training from disk, with the changes to `data:`; evaluation is left out, since only steps are looked at. */
function fromDisk(data: string, epochs: number): SetUp {
  const setUp = corpus.copy([
    ['use_balanced_sampling: false', `use_balanced_sampling: false\n  residency: disk\n${data}`],
    ['epochs: 2', `epochs: ${epochs}`],
    ['batch_size: 8', 'batch_size: 4'],
  ]);
  for (const part of [join(setUp.cache, 'dev'), join(setUp.data, 'chb03')]) rmSync(part, { recursive: true });
  return setUp;
}

interface Going {
  readonly child: ChildProcess;
  readonly ended: Promise<string>;
}

/** Starts a training whose reads are slowed down; what it wrote to standard error when it has ended. */
function start(setUp: SetUp, env: Record<string, string>, before: readonly string[] = []): Going {
  const words = [...before, process.execPath, MAIN, 'train', setUp.config];
  const child = spawn(words[0]!, words.slice(1), {
    env: { ...process.env, NODE_OPTIONS: `--require=${SLOW_READS}`, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr!.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  return { child, ended: new Promise((resolve) => child.on('close', () => resolve(errors))) };
}

/** Until the last session of the run is starved, by its own records. */
async function waited(setUp: SetUp, going: Going): Promise<void> {
  const events = join(setUp.root, 'run/events.jsonl');
  for (let isEnded = false; ; await delay(100)) {
    const lines = existsSync(events) ? readFileSync(events, 'utf8').split('\n').slice(0, -1) : [];
    const pace = paceOf(lastSession(lines.map((line) => JSON.parse(line))), { windowsPerStep: 4, ahead: 1 });
    if (isStarved(pace)) return;
    if (isEnded) throw new Error(`the training ended first: ${await going.ended}`);
    isEnded = going.child.exitCode !== null;
  }
}

test('a slow reader and no workers: found in a live run, told by train itself, mended by what was measured', async () => {
  // 41 windows an epoch: one takes 6 s as it is, so that it goes on while it is looked at, and two are done soon when mended.
  const setUp = fromDisk('  num_workers: 0', 3);
  const slow = { SLOW_READ_MS: '150', NODE_OPTIONS: `--require=${SLOW_READS}` };
  const going = start(setUp, slow);
  await waited(setUp, going);
  // Reading is as slow here.
  createRequire(import.meta.url)(SLOW_READS);
  process.env.SLOW_READ_MS = slow.SLOW_READ_MS;
  const live = await examined(join(setUp.root, 'run'));
  expect(named(live)).toEqual(['L1 starved-workers']);
  expect(live.findings[0]!.evidence).toMatch(
    /data\.num_workers 0; measured here: [\d.]+ windows\/s with 0 workers, [\d.]+ windows\/s with (2|4|8|16)/,
  );
  expect(live.findings[0]!.fix.command).toMatch(
    /^bgb stop \S+ && bgb train \S+ --resume --set data\.num_workers=\d+ --set data\.persistent_workers=true$/,
  );
  const mended = type(live.findings[0]!.fix.command!, { cwd: setUp.root, env: slow });
  expect(mended).toMatchObject({ code: 0 });
  const errors = await going.ended;
  expect(errors.match(/Training waits for its loader: too few workers/g)).toHaveLength(1);
  expect(named(await examined(join(setUp.root, 'run')))).toEqual([]);
});

test('one core for workers whose reading computes: the cores are the cause', async () => {
  const setUp = fromDisk('  num_workers: 2\n  persistent_workers: true', 400);
  const going = start(setUp, { BUSY_READ_MS: '150' }, ['taskset', '-c', '0']);
  await waited(setUp, going);
  going.child.kill('SIGINT');
  await going.ended;
  const found = await examined(join(setUp.root, 'run'), { machine: { ...WORKSTATION, cores: 2 } });
  expect(named(found)).toEqual(['L5 starved-cores']);
  expect(found.findings[0]!.evidence).toMatch(/1 usable core for 2 workers/);
  expect(found.findings[0]!.fix.command).toMatch(/^bgb train \S+ --resume$/);
});

test('a slow file system is named, beside missing workers; what is slow for no reason is unknown', async () => {
  const setUp = fromDisk(`  num_workers: ${availableParallelism()}\n  persistent_workers: true`, 400);
  const going = start(setUp, { SLOW_READ_MS: String(150 * availableParallelism()) });
  await waited(setUp, going);
  going.child.kill('SIGINT');
  await going.ended;
  const run = join(setUp.root, 'run');
  const unknown = await examined(run);
  // Here, unlike then, reading is fast: it is not guessed why it was slow.
  expect(named(unknown)).toEqual(['L7 starved-unknown']);
  expect(unknown.findings[0]).toMatchObject({ cause: null });
  expect(unknown.findings[0]!.fix.command).toMatch(/--resume --set data\.residency=auto$/);
  const network = `70 1 8:48 / / rw - ext4 /dev/sda rw\n71 70 0:50 / ${setUp.cache} rw - nfs4 server:/cache rw`;
  const mounted = await examined(run, { machine: { ...WORKSTATION, mountinfo: network } });
  expect(named(mounted)).toEqual(['L4 starved-mount']);
  expect(mounted.findings[0]!.evidence).toMatch(/cache is nfs4, a network file system/);
  expect(mounted.findings[0]!.fix.command).toMatch(
    /^mkdir -p \S+ && cp -r \S+\/\. \S+ && bgb train \S+ --resume --set data\.cache_dir=/,
  );
});

test('a damaged checkpoint: --fix lets the one before it take its place; a killed run goes on as printed', async () => {
  const setUp = corpus.copy();
  const trained = type(`bgb train '${setUp.config}'`, { cwd: setUp.root });
  expect(trained).toMatchObject({ code: 0 });
  const run = join(setUp.root, 'run');
  expect(named(await examined(run))).toEqual([]);
  // As if it had been killed before it was done.
  const killed = `${run}-killed`;
  cpSync(run, killed, { recursive: true });
  rmSync(join(killed, 'done.json'));
  writeFileSync(
    join(killed, 'run.lock'),
    JSON.stringify({ token: 't', pid: 1, process_started: '0', machine: 'gone', at: '2020-01-01T00:00:00Z' }),
  );
  const { tensors } = JSON.parse(readFileSync(join(killed, 'checkpoints/last.json'), 'utf8'));
  truncateSync(join(killed, 'checkpoints', tensors.file), 1000);
  const before = await examined(killed);
  expect(named(before)).toEqual(['D11 checkpoint-damaged', 'H8 run-killed']);
  const fixed = type(before.findings.find(({ rule }) => rule === 'checkpoint-damaged')!.fix.command!, {
    cwd: setUp.root,
  });
  expect(fixed.errors).toMatch(
    /Fixing: rename .*last\.json to \*\.damaged, and .*last-step-\d+\.json to last\.json/,
  );
  expect(named(await examined(killed))).toEqual(['H8 run-killed']);
});
