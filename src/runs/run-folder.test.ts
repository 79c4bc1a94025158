import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BgbError, InputError } from '../errors.ts';
import { createRun, openRun, type Run } from './run-folder.ts';
import { readRun, runStage } from './run-record.ts';
import { environment, startWith } from './testing/starts.ts';
import { stateAt, tensorsFilledWith } from './testing/states.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'bgb-run-'));
  folder = join(parent, 'results', 'run');
});
afterEach(async () => rm(parent, { recursive: true }));

/** Logs the steps up to `last`, and saves there. */
async function train(run: Run, from: number, last: number, name = 'last'): Promise<void> {
  for (let step = from; step <= last; step++) run.events.append('step', step);
  await save(run, last, name);
}

async function save(run: Run, step: number, name = 'last'): Promise<string> {
  const { events: _events, data: _data, code_version: _version, ...state } = stateAt(step);
  return run.saveCheckpoint(name, { tensors: tensorsFilledWith(step), state });
}

async function stepsLogged(file = 'events.jsonl'): Promise<number[]> {
  const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n');
  return lines
    .map((line) => JSON.parse(line))
    .flatMap((event) => (event.kind === 'step' ? [event.step] : []));
}

async function errorOf(promise: Promise<unknown>): Promise<BgbError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BgbError);
  return error as BgbError;
}

async function inputErrorOf(promise: Promise<unknown>): Promise<BgbError> {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(InputError);
  return error;
}

describe('a run from start to end', () => {
  test('leaves its record, and done.json as the sign of success', async () => {
    expect(await runStage(folder)).toBe('none');
    const run = await createRun(folder, startWith());
    expect(run.notices).toEqual([]);
    expect(await runStage(folder)).toBe('unfinished');
    await train(run, 1, 3);
    await run.finish(3, { auroc: 0.9, false_alarms_24h: null });
    expect(await runStage(folder)).toBe('finished');
    expect((await readdir(folder)).sort()).toEqual(
      [
        ...['checkpoints', 'config.yaml', 'done.json', 'environment.json', 'events.jsonl'],
        ...['fingerprint.json', 'recordings.json', 'run.json'],
      ].sort(),
    );
    expect(await readRun(folder)).toEqual({
      id: run.id,
      createdAt: '2025-01-01T00:00:00.000Z',
      data: { train: 'aa', dev: 'bb' },
      config: { data: { stride: 10, num_workers: 4 } },
      sessions: [
        {
          started_at: '2025-01-01T00:00:00.000Z',
          environment,
          configuration: {
            result_sha256: sha256('{"data.stride":10}'),
            rest_sha256: sha256('{"data.num_workers":4}'),
            changed: {},
          },
        },
      ],
      summary: { auroc: 0.9, false_alarms_24h: null },
    });
  });

  test('gives its checkpoints the log, the data and the code they belong to', async () => {
    await using run = await createRun(folder, startWith());
    await train(run, 1, 5, 'best');
    const { state } = JSON.parse(await readFile(join(folder, 'checkpoints', 'best.json'), 'utf8'));
    expect(state).toMatchObject({
      step: 5,
      events: 5,
      data: { train: 'aa', dev: 'bb' },
      code_version: '0.1.0+0123456789ab.dirty',
    });
  });

  test('F10: an aborted run publishes nothing more', async () => {
    const run = await createRun(folder, startWith());
    await train(run, 1, 3);
    run.events.append('step', 4);
    await run.abort(4, 'loss was not finite in 10 steps');
    expect((await errorOf(save(run, 4))).code).toBe('RUN_CLOSED');
    expect((await errorOf(run.finish(4, {}))).code).toBe('RUN_CLOSED');
    expect(() => run.events.append('step', 5)).toThrow('is closed');
    expect(await runStage(folder)).toBe('unfinished');
    await using again = await openRun(folder, startWith());
    expect(again.resumedFrom?.state.step).toBe(3);
  });

  test('a process whose run another one has taken over saves nothing', async () => {
    await using run = await createRun(folder, startWith());
    await rm(join(folder, 'run.lock'));
    await using _other = await openRun(folder, startWith());
    const error = await errorOf(save(run, 1));
    expect(error.code).toBe('RUN_LOCKED');
    expect(error.message).toContain('Another process has taken over the run');
    expect(await readdir(folder)).not.toContain('checkpoints');
  });
});

describe('starting', () => {
  test('does not overwrite a run, finished or not', async () => {
    const run = await createRun(folder, startWith());
    expect((await inputErrorOf(createRun(folder, startWith()))).code).toBe('RUN_EXISTS');
    await run.close();
    const unfinished = await inputErrorOf(createRun(folder, startWith()));
    expect(unfinished.code).toBe('RUN_EXISTS');
    expect(unfinished.message).toContain('Use --resume to go on with it, or another output_dir.');
    await (await openRun(folder, startWith())).finish(0, {});
    const finished = await inputErrorOf(createRun(folder, startWith()));
    expect(finished.message).toContain('already holds a finished run. Use another output_dir.');
  });

  test('does not overwrite files that are not of a run, and leaves others alone', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await writeFile(join(folder, 'config.yaml'), 'mine');
    const error = await inputErrorOf(createRun(folder, startWith()));
    expect(error.code).toBe('RUN_FOREIGN');
    expect(error.message).toContain('holds config.yaml, which a run would overwrite');
    expect((await readdir(folder)).sort()).toEqual(['config.yaml', 'notes.txt']);
    await rm(join(folder, 'config.yaml'));
    await (await createRun(folder, startWith())).close();
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('works again after a start that was cut short, which is nothing to resume', async () => {
    await (await createRun(folder, startWith())).close();
    await rm(join(folder, 'events.jsonl'));
    const error = await inputErrorOf(openRun(folder, startWith()));
    expect(error.code).toBe('RUN_MISSING');
    expect(error.message).toContain('the start of one was interrupted');
    await (await createRun(folder, startWith({ stride: 5 }))).close();
    expect((await readRun(folder)).config).toEqual({ data: { stride: 5, num_workers: 4 } });
  });

  test('names an output_dir that cannot be made', async () => {
    await writeFile(join(parent, 'results'), '');
    const error = await inputErrorOf(createRun(folder, startWith()));
    expect(error.code).toBe('RUN_FOLDER');
    expect(error.message).toContain(folder);
  });
});

describe('resuming', () => {
  test('goes on from the last checkpoint; the log tells every step once', async () => {
    const run = await createRun(folder, startWith());
    await train(run, 1, 2, 'best');
    await train(run, 3, 4);
    for (const step of [5, 6]) run.events.append('step', step);
    await run.close();
    await writeFile(join(folder, 'events.jsonl'), '{"seq":6,"a', { flag: 'a' });
    await writeFile(join(folder, '.heartbeat.json.0123456789ab.tmp'), '');

    await using again = await openRun(folder, startWith());
    expect(again.id).toBe(run.id);
    expect(again.resumedFrom?.state.step).toBe(4);
    expect(again.notices).toEqual([
      '2 log lines after step 4 moved to events.superseded.jsonl.',
      'Cut 11 bytes of a torn last line from events.jsonl.',
    ]);
    await train(again, 5, 7);
    expect(await stepsLogged()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await stepsLogged('events.superseded.jsonl')).toEqual([5, 6]);
    expect((await readRun(folder)).sessions).toHaveLength(2);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('without a checkpoint starts again at step 0, and says so', async () => {
    const run = await createRun(folder, startWith());
    run.events.append('step', 1);
    await run.close();
    await using again = await openRun(folder, startWith());
    expect(again.resumedFrom).toBeNull();
    expect(again.notices[0]).toBe('No checkpoint had been saved: the run starts again at step 0.');
    expect(await stepsLogged()).toEqual([]);
  });

  test('with another configuration lists what differs, and changes nothing', async () => {
    const run = await createRun(folder, startWith());
    await train(run, 1, 2);
    run.events.append('step', 3);
    await run.close();
    const error = await inputErrorOf(
      openRun(folder, startWith({ stride: 5, window_size: 4, num_workers: 1 })),
    );
    expect(error.code).toBe('RUN_CONFIG_DIFFERS');
    expect(error.message.split('\n').slice(1, -1)).toEqual([
      '  data.stride: 10 in the run, 5 now',
      '  data.window_size: absent in the run, 4 now',
    ]);
    expect(await stepsLogged()).toEqual([1, 2, 3]);
    await (await openRun(folder, startWith({ num_workers: 1 }))).close();
  });

  test('on other data is refused', async () => {
    await (await createRun(folder, startWith())).close();
    const error = await inputErrorOf(openRun(folder, { ...startWith(), data: { train: 'aa', dev: 'cc' } }));
    expect(error.code).toBe('RUN_DATA_DIFFERS');
    expect(error.message).toContain('dev: "bb" in the run, "cc" now');
  });

  test('on another machine says what may differ', async () => {
    await (await createRun(folder, startWith())).close();
    await using run = await openRun(folder, { ...startWith(), environment: { ...environment, threads: 1 } });
    expect(run.notices.at(-1)).toContain('threads was 2 and is now 1');
  });

  test('a missing, finished or damaged run is an InputError, and the lock is free afterwards', async () => {
    expect((await inputErrorOf(openRun(folder, startWith()))).code).toBe('RUN_MISSING');
    const run = await createRun(folder, startWith());
    await train(run, 1, 3);
    await run.close();

    for (const [name, content, code] of [
      ['events.jsonl', '', 'RUN_EVENTS'],
      ['environment.json', '{"sessions":[]}', 'RUN_FILE'],
      ['run.json', '{', 'RUN_FILE'],
      ['config.yaml', '{', 'RUN_CONFIG'],
      ['checkpoints/last.json', '{}', 'CHECKPOINT_JSON'],
    ] as const) {
      const path = join(folder, name);
      const intact = await readFile(path);
      await writeFile(path, content);
      const error = await inputErrorOf(openRun(folder, startWith()));
      expect(error.code).toBe(code);
      expect(error.message).toContain(path);
      expect(await readFile(path, 'utf8')).toBe(content);
      await writeFile(path, intact);
    }
    await (await openRun(folder, startWith())).finish(3, {});
    const error = await inputErrorOf(openRun(folder, startWith()));
    expect(error.code).toBe('RUN_FINISHED');
  });
});

/** Starts or resumes the counting run, and kills it `delayMs` after it has started, unless it ends before. */
async function trainAndKill(delayMs: number, lastStep: number): Promise<void> {
  const script = new URL('testing/train-until-killed.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder, String(lastStep)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delayMs));
  await new Promise((resolve) => child.on('close', resolve));
}

test('kill -9 again and again: the run ends, and its log tells every step once', async () => {
  const lastStep = 300;
  let sessions = 0;
  while ((await runStage(folder)) !== 'finished') {
    await trainAndKill(sessions < 12 ? 2 + 3 * (sessions % 4) : 60_000, lastStep);
    expect(++sessions).toBeLessThan(20);
  }
  const events = (await readFile(join(folder, 'events.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
  expect(await stepsLogged()).toEqual(Array.from({ length: lastStep }, (_, index) => index + 1));
  expect((await readRun(folder)).summary).toEqual({ steps: lastStep });
  expect(sessions).toBeGreaterThan(3);
  expect(await readdir(folder)).not.toContain('run.lock');
});
