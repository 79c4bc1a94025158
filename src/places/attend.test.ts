import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { type AttendOptions, attend } from './attend.ts';
import { deskOf, type Job, jobText } from './job.ts';
import { parseLine } from './numbered-lines.ts';
import { mustExecute, readerIn } from './remote-files.ts';
import { readStanding, writtenByTwo } from './standing.ts';
import { LocalContainer } from './testing/local-place.ts';

const root = mkdtempSync(join(tmpdir(), 'bgb-attend-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

/** A job whose "bgb" is a shell script: what is attended does not matter here. */
function job(script: string, changes: Partial<Job> = {}): Job {
  const results = join(root, String(++count));
  const output = join(results, 'run');
  mkdirSync(output, { recursive: true });
  return {
    format: 'bgb-job',
    version: 1,
    run: 'run',
    token: 'a token',
    created_at: '2026-11-26T01:00:00.000Z',
    command: ['-c', script.replaceAll('RUN', output), 'sh'],
    config: null,
    output_dir: output,
    done: join(output, 'done.json'),
    results,
    environment: { GREETING: 'hello' },
    environment_once: { ONCE: 'once' },
    resume: ['--resume'],
    is_resuming: false,
    stage: null,
    before: [],
    commit: null,
    limit_s: 600,
    hashes: { code: 'c', config: 'd' },
    place: {},
    ...changes,
  };
}

/** Attends; what it wrote as lines. */
async function attended(given: Job, changes: Partial<AttendOptions> = {}) {
  let output = '';
  const code = await attend(given, {
    program: ['sh'],
    stagingFolder: join(given.results, 'staged'),
    attempt: 1,
    write: (text) => {
      output += text;
    },
    now: () => new Date('2026-11-26T01:30:00Z'),
    signal: new AbortController().signal,
    environment: { PATH: process.env.PATH },
    lookEveryMs: 10,
    ...changes,
  });
  const lines = output.split('\n').flatMap((line) => parseLine(line) ?? []);
  const standing = await readStanding(readerIn(new LocalContainer()), given.results, 'run');
  return {
    code,
    lines,
    texts: lines.filter(({ kind }) => kind === 'text').map(({ text }) => text),
    standing,
  };
}

test('lines are numbered, kept with the run, and done.json alone is success', async () => {
  const good = job(
    'echo $GREETING $ONCE $BGB_DISABLE_TQDM; echo problem >&2; printf x > RUN/done.json; printf end',
  );
  const { code, lines, texts, standing } = await attended(good);
  expect([code, texts.sort()]).toEqual([0, ['end', 'hello once 1', 'problem']]);
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
  expect(standing).toMatchObject({
    isDone: true,
    attempts: [{ number: 1, ended: { how: 'done', code: 0 } }],
  });
  const kept = readFileSync(deskOf(good.results, 'run').lines(1), 'utf8');
  expect(kept.split('\n').flatMap((line) => parseLine(line) ?? [])).toEqual(lines);

  const bad = await attended(job('exit 0'));
  expect([bad.code, bad.texts]).toEqual([
    1,
    [expect.stringMatching(/exit code 0 and no .*done.json: that is no success/)],
  ]);
  expect(bad.standing).toMatchObject({ isDone: false, attempts: [{ ended: { how: 'failed' } }] });
});

test('a second attempt resumes where a run is, without what was for once, and takes the lock of the first', async () => {
  const given = job(
    'touch RUN/events.jsonl RUN/run.lock; echo "$@" $ONCE; [ "$1" = --resume ] && touch RUN/done.json; exit 143',
  );
  const first = await attended(given);
  expect([first.code, first.texts]).toEqual([75, ['once']]);
  const second = await attended(given, { attempt: 5 });
  expect([second.code, second.texts]).toEqual([0, ['--resume']]);
  expect(second.standing.attempts.map(({ number }) => number)).toEqual([1, 5]);
});

test('an attempt that was ended before its run had a log leaves no lock in the way of the next', async () => {
  const given = job('[ -e RUN/run.lock ] && exit 1; touch RUN/run.lock; exit 143');
  expect((await attended(given)).code).toBe(75);
  const second = await attended(given, { attempt: 2 });
  expect([second.code, second.standing.attempts[1]?.ended?.how]).toEqual([75, 'interrupted']);
});

test.each([
  ['a signal', 'interrupted', 75],
  ['the wish to stop', 'stopped', 130],
  ['the time limit', 'interrupted', 75],
] as const)('%s has the command save and end: %s', async (why, how, expected) => {
  const given = job('trap "echo saved; exit 143" TERM; echo ready; while :; do sleep 0.02; done', {
    limit_s: why === 'the time limit' ? 0.3 : 600,
  });
  const stopping = new AbortController();
  const done = attended(given, { signal: stopping.signal });
  const lines = deskOf(given.results, 'run').lines(1);
  while (!existsSync(lines) || !readFileSync(lines, 'utf8').includes('ready')) await delay(5);
  if (why === 'a signal') stopping.abort();
  if (why === 'the wish to stop') writeFileSync(deskOf(given.results, 'run').stop, '{}');
  const { code, texts, standing } = await done;
  expect([code, texts.at(-1)]).toEqual([expected, 'saved']);
  expect(standing.attempts[0]?.ended?.how).toBe(how);
});

test('what comes before runs once, and its failure ends the attempt', async () => {
  const before = [['-c', 'echo checking; exit 2']];
  const { code, texts, standing } = await attended(job('echo never', { before }));
  expect([code, texts]).toEqual([1, ['checking']]);
  expect(standing.attempts[0]).toMatchObject({ is_begun: false, ended: { how: 'failed', code: 2 } });
});

test('a cache is copied to the staging folder, file by file the same', async () => {
  const given = job('cat STAGED/train/a.npz; touch RUN/done.json', { stage: { from: join(root, 'cache') } });
  mkdirSync(join(root, 'cache/train'), { recursive: true });
  writeFileSync(join(root, 'cache/train/a.npz'), 'an entry\n');
  const { code, texts } = await attended(given);
  expect([code, texts]).toEqual([
    0,
    [
      expect.stringMatching(/^Copying the cache .*: 1 file, 0\.00 GB$/),
      expect.stringMatching(/every file compared by SHA-256/),
      'an entry',
    ],
  ]);
});

test('an attempt of an earlier start gives way; a later start waits for one that lives', async () => {
  const now = job('touch RUN/done.json');
  mkdirSync(deskOf(now.results, 'run').folder, { recursive: true });
  const later = { ...now, token: 'later', created_at: '2026-11-26T01:10:00.000Z' };
  writeFileSync(deskOf(now.results, 'run').job, jobText(later));
  await expect(attended(now)).rejects.toThrow(
    /started anew meanwhile; this attempt of an earlier start ends here/,
  );
  const latest = { ...now, token: 'latest', created_at: '2026-11-26T01:20:00.000Z' };
  const beat = (at: string) =>
    writeFileSync(join(now.output_dir!, 'heartbeat.json'), JSON.stringify({ at, stopped: false }));
  beat('2026-11-26T01:29:30.000Z');
  await expect(attended(latest)).rejects.toThrow(/A run named run is running already: its last sign of life/);
  beat('2026-11-26T01:20:00.000Z');
  expect((await attended(latest)).code).toBe(0);
});

test('a full volume does not lose the run: what cannot be kept is said', async () => {
  const given = job('echo hello; touch RUN/done.json');
  const lines = deskOf(given.results, 'run').lines(1);
  mkdirSync(dirname(lines), { recursive: true });
  symlinkSync('/dev/full', lines);
  const { code, texts } = await attended(given);
  expect([code, texts]).toEqual([
    0,
    [expect.stringMatching(/^What follows is not kept with the run: ENOSPC/), 'hello'],
  ]);
});

test('a full volume is named where something is to be written there', async () => {
  const container = new LocalContainer();
  await expect(mustExecute(container, ['sh', '-c', 'cat "$0" > /dev/full', '/proc/version'])).rejects.toThrow(
    /The results' volume is full: .*No space left.*Remove runs or caches that are not needed/,
  );
});

test('a damaged record of an attempt is named, and one of an earlier version is read', async () => {
  const given = job('exit 143');
  const { attempts } = (await attended(given)).standing;
  const path = deskOf(given.results, 'run').attempt(1);
  const { unended: _, ...earlier } = attempts[0]!;
  writeFileSync(path, JSON.stringify(earlier));
  expect((await readStanding(readerIn(new LocalContainer()), given.results, 'run')).attempts).toEqual(
    attempts,
  );
  writeFileSync(path, '{"number": 1');
  await expect(readStanding(readerIn(new LocalContainer()), given.results, 'run')).rejects.toThrow(
    /attempts\/0001.json is not the record of an attempt .* or is damaged/,
  );
});

test('two attempts at the same time are noticed, whatever the clocks of their machines say', async () => {
  const given = job('sleep 0.3; exit 143');
  const at = (time: string) => ({ now: () => new Date(`2026-11-26T${time}:00Z`) });
  expect(writtenByTwo((await attended(given, at('01:40'))).standing)).toBeNull();
  // The second machine's clock is behind: it starts before the first has ended, and did not.
  expect(writtenByTwo((await attended(given, { ...at('01:30'), attempt: 2 })).standing)).toBeNull();
  const third = attended(given, { ...at('01:30'), attempt: 3 });
  while (!existsSync(deskOf(given.results, 'run').attempt(3))) await delay(5);
  const fourth = attended(given, { ...at('01:50'), attempt: 4 });
  await third;
  expect(writtenByTwo((await fourth).standing)).toMatch(/^Attempts 3 and 4 ran at the same time/);
});

test('the time limit counts what comes before the command, too', async () => {
  const given = job('trap "echo saved; exit 143" TERM; echo ready; while :; do sleep 0.02; done', {
    before: [['-c', 'sleep 0.5']],
    limit_s: 0.8,
  });
  const { texts, standing } = await attended(given);
  expect(standing.attempts[0]?.ended?.how).toBe('interrupted');
  expect(texts).toEqual(['ready', expect.stringMatching(/time limit of 0.8 s/), 'saved']);
  const long = await attended({ ...given, ...job('echo never', { before: [['-c', 'exec sleep 30']], limit_s: 0.2 }) }); // biome-ignore format: one line
  expect([long.code, long.standing.attempts[0]]).toMatchObject([75, { is_begun: false }]);
});

test.each([
  ['the wish to stop', 'stopped'],
  ['the time limit', 'interrupted'],
] as const)('%s ends the copying of a cache', async (why, how) => {
  const from = join(root, `endless-${how}`);
  mkdirSync(from, { recursive: true });
  // It has no blocks, and takes long to read all the same.
  writeFileSync(join(from, 'large.npz'), '');
  truncateSync(join(from, 'large.npz'), 8 * 2 ** 30);
  const given = job('echo never', { stage: { from }, limit_s: why === 'the time limit' ? 0.1 : 600 });
  const lines = deskOf(given.results, 'run').lines(1);
  const done = attended(given);
  while (!existsSync(lines) || !readFileSync(lines, 'utf8').includes('Copying')) await delay(1);
  if (why === 'the wish to stop') writeFileSync(deskOf(given.results, 'run').stop, '{}');
  const { texts, standing } = await done;
  expect(standing.attempts[0]?.ended?.how).toBe(how);
  expect(texts).not.toContain('never');
  expect(texts.join()).not.toContain('every file compared');
});
