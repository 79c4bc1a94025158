import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  type FollowOptions,
  follow,
  launch,
  type NumberedLine,
  type Place,
  readStanding,
  relaunch,
  stop,
  writtenByTwo,
} from '../places/index.ts';
import { ModalPlace } from './modal-place.ts';
import { connect } from './sdk.ts';
import { sampleJob, standInWithSample, VOLUME } from './testing/sample-run.ts';
import type { StandIn } from './testing/stand-in.ts';

let standIn: StandIn;
let place: Place;
const results = (...names: string[]) => join(standIn.volume(VOLUME).folder, ...names);

beforeAll(async () => {
  standIn = await standInWithSample();
  for (const [name, value] of Object.entries(standIn.variables)) process.env[name] = value;
  const client = await connect();
  place = new ModalPlace(client, { app: 'bgb', volume: VOLUME, data: null }, (each) =>
    each.images.fromRegistry('a-base'),
  );
});
// Copies of the volume, one a container, are removed with it.
afterAll(async () => await standIn[Symbol.asyncDispose](), 60_000);

/** Follows to the end; what was shown is kept. */
function following(changes: Partial<FollowOptions> = {}) {
  const lines: NumberedLine[] = [];
  const said: string[] = [];
  const options: FollowOptions = {
    onLine: (line) => lines.push(line),
    say: (sentence) => said.push(sentence),
    signal: new AbortController().signal,
    isResuming: true,
    patienceMs: 50,
    ...changes,
  };
  return { lines, said, options };
}

/** The lines of each attempt are 1, 2, 3, ... without gaps or repeats. */
function expectWhole(lines: readonly NumberedLine[]): void {
  const numbered = lines.filter(({ attempt }) => attempt > 0);
  for (const attempt of new Set(numbered.map((line) => line.attempt))) {
    const numbers = numbered.filter((line) => line.attempt === attempt).map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  }
}

const lastTensors = (run: string) =>
  JSON.parse(readFileSync(results(run, 'checkpoints/last.json'), 'utf8')).tensors.sha256;

/** Waits until the run has taken that step. */
async function step(run: string, number: number): Promise<void> {
  const isThere = () => {
    const events = standIn.seenBy(run, `${run}/events.jsonl`);
    return existsSync(events) && readFileSync(events, 'utf8').includes(`"kind":"step","step":${number},`);
  };
  while (!standIn.sandboxes.some(({ name }) => name === run) || !isThere()) await delay(5);
}

const nothing = async () => undefined;

test('a training is launched, followed to its end, and done by its done.json; its name is then taken', async () => {
  await launch(place, sampleJob('whole'), nothing);
  expect(standIn.sandbox('whole')).toMatchObject({
    gpu: 'A100-80GB',
    tags: { run: 'whole', code: 'c0de', config: 'c0ff' },
  });
  const { lines, said, options } = following();
  const { ending, standing } = await follow(place, 'whole', options);
  expect([ending, standing?.savedStep, said]).toEqual(['done', 16, []]);
  expect(existsSync(results('whole/done.json'))).toBe(true);
  expectWhole(lines);
  expect(lines.map(({ text }) => text)).toContainEqual(expect.stringMatching(/done: finished at step 16/));
  await expect(launch(place, sampleJob('whole'), nothing)).rejects.toThrow(
    /whole is there and done.*modal pull whole/,
  );
  await expect(relaunch(place, 'whole', () => undefined)).rejects.toThrow(
    /whole is done; there is nothing to resume/,
  );
});

test('preempted at a random step, losing what was not committed, and cut off: the same bits, every line once', async () => {
  const at = 2 + Math.floor(12 * Math.random());
  await launch(place, sampleJob('preempted'), nothing);
  await expect(launch(place, sampleJob('preempted'), nothing)).rejects.toThrow(
    /A run named preempted is running/,
  );
  const { lines, said, options } = following();
  const followed = follow(place, 'preempted', options);
  // Someone else follows it, too: one of the two starts it again.
  const second = following();
  const followedToo = follow(place, 'preempted', second.options);
  await step('preempted', 1);
  standIn.faults.isUnreachable = true;
  standIn.breakStreams();
  while (said.length === 0 || second.said.length === 0) await delay(5);
  standIn.faults.isUnreachable = false;
  await step('preempted', at);
  await standIn.preempt('preempted', { isLosing: true });
  expect((await followed).ending, `preempted at step ${at}`).toBe('done');
  expectWhole(lines);
  expect((await followedToo).ending).toBe('done');
  expect(second.lines).toEqual(lines);
  expect(standIn.sandboxes.filter(({ name }) => name === 'preempted')).toHaveLength(2);
  expect(lines.at(-1)).toMatchObject({ attempt: 2 });
  expect(said).toEqual([
    expect.stringMatching(/^Connection lost .*the run goes on/),
    'Connected again.',
    expect.stringMatching(/^Attempt 1 was ended without warning, as preemption does. It goes on from/),
  ]);
  expect(lastTensors('preempted')).toBe(lastTensors('whole'));
});

test('left, stopped from elsewhere and resumed from elsewhere, by name alone', async () => {
  await launch(place, sampleJob('left', {}, ['training.epochs=4']), nothing);
  const leaving = new AbortController();
  const first = following({ signal: leaving.signal });
  const followed = follow(place, 'left', first.options);
  await step('left', 2);
  leaving.abort();
  expect(await followed).toEqual({ ending: null, standing: null });
  expect(await stop(place, 'left', { now: () => new Date() })).toBe(true);
  const second = following({ seen: { attempt: 1, number: first.lines.at(-1)!.number } });
  expect((await follow(place, 'left', second.options)).ending).toBe('stopped');
  expect(existsSync(results('left/done.json'))).toBe(false);
  expectWhole([...first.lines, ...second.lines]);
  expect(await stop(place, 'left', { now: () => new Date() })).toBe(false);

  const said: string[] = [];
  await relaunch(place, 'left', (sentence) => said.push(sentence));
  expect(said).toEqual([
    expect.stringMatching(/^Attempt 1 ended: stopped, exit code 143. It goes on from step \d+/),
  ]);
  const third = following({ seen: { attempt: 2, number: 0 } });
  expect((await follow(place, 'left', third.options)).ending).toBe('done');
  expectWhole(third.lines);
});

test('a training that fails is not started again', async () => {
  await launch(place, sampleJob('failing', {}, ['data.cache_dir=/results/cache/none']), nothing);
  const { lines, options } = following();
  const { ending, standing } = await follow(place, 'failing', options);
  expect([ending, standing?.attempts.length]).toEqual(['failed', 1]);
  expect(lines.map(({ text }) => text).join('\n')).toMatch(/cache\/none/);
  expect(standing?.attempts[0]?.ended?.last.join('\n')).toMatch(/cache\/none/);
});

test('the time limit saves and goes on; three attempts that save nothing are enough', async () => {
  const job = sampleJob('endless', { limit_s: 0.001 });
  await launch(place, job, nothing);
  const { options } = following();
  await expect(follow(place, 'endless', options)).rejects.toThrow(
    /endless was interrupted 3 times in a row without saving anything/,
  );
  expect(standIn.sandboxes.filter(({ name }) => name === 'endless')).toHaveLength(3);
});

test('without capacity a launch says so, and a resumption waits for it', async () => {
  // What is no training is done when it ends with exit code 0.
  const job = (run: string) => sampleJob(run, { command: ['--version'], output_dir: null, done: null });
  standIn.faults.isWithoutCapacity = true;
  await expect(launch(place, job('queued'), nothing)).rejects.toThrow(
    /Modal has no machine for A100-80GB now/,
  );
  standIn.faults.isWithoutCapacity = false;
  await launch(place, job('waiting'), nothing);
  standIn.faults.isWithoutCapacity = true;
  await standIn.preempt('waiting', { isLosing: true });
  const { said, options } = following({
    capacityWaitMs: 20,
    say: (sentence) => {
      said.push(sentence);
      if (/no machine/.test(sentence)) standIn.faults.isWithoutCapacity = false;
    },
  });
  expect((await follow(place, 'waiting', options)).ending).toBe('done');
  expect(said.at(-1)).toMatch(/no machine.*The run is saved; trying again/);
});

test('an expired token and a missing secret or volume are named, with what to type', async () => {
  const job = sampleJob('refused');
  const withSecret = { ...job, place: { ...job.place, secrets: ['wandb'] } };
  await expect(launch(place, withSecret, nothing)).rejects.toThrow(/Modal has no secret wandb. Make it with/);
  const client = await connect();
  const other = new ModalPlace(client, { app: 'bgb', volume: VOLUME, data: { kind: 'volume', name: 'eeg' } }, (each) =>
    each.images.fromRegistry('a-base'),
  ); // biome-ignore format: one expression
  await expect(other.open()).rejects.toThrow(/The volume eeg with the recordings is not there/);
  standIn.faults.isTokenExpired = true;
  await expect(place.find('refused')).rejects.toThrow(/expired.*modal token new/);
  standIn.faults.isTokenExpired = false;
});

test('a launch whose checks failed can be made again under its name, mended', async () => {
  await launch(place, sampleJob('again', { before: [['no-command']] }), nothing);
  expect((await follow(place, 'again', following().options)).ending).toBe('failed');
  const mended = { token: 'another', before: [['--version']], command: ['edf'] };
  await launch(place, sampleJob('again', mended), nothing);
  const { lines, options } = following();
  const { ending, standing } = await follow(place, 'again', options);
  expect([ending, standing?.attempts]).toMatchObject(['failed', [{ number: 1, is_begun: true }]]);
  expectWhole(lines);
  expect(lines.map(({ text }) => text).join('\n')).not.toMatch(/no-command/);
  // There still is no run that another could damage.
  await launch(place, sampleJob('again', { ...mended, token: 'a third' }), nothing);
  expect((await follow(place, 'again', following().options)).ending).toBe('failed');
});

test('started again from a machine that names no recordings, a run sees those of its launch', async () => {
  standIn.volume('recordings');
  const data = { kind: 'volume', name: 'recordings' } as const;
  const job = sampleJob('recorded', { command: ['edf'] });
  await place.start({ ...job, place: { ...job.place, data } }, 1);
  const { volumeMounts } = standIn.sandbox('recorded').definition;
  expect(volumeMounts).toContainEqual(expect.objectContaining({ mountPath: '/data', readOnly: true }));
  await standIn.preempt('recorded');
});

// A file system of a given size is mounted, which only root may.
test.runIf(process.getuid?.() === 0)(
  'a full volume: the run fails and says why, nothing is half written, and it goes on where there is room',
  async () => {
    const volume = standIn.volume(VOLUME);
    // As tmpfs counts: pages.
    const used = () =>
      readdirSync(volume.folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => 4096 * Math.ceil(statSync(join(parentPath, name)).size / 4096))
        .reduce((sum, bytes) => sum + bytes, 0);
    onTestFinished(() => {
      volume.limitBytes = null;
    });
    // Not even what is to be started can be written down.
    volume.limitBytes = used();
    await expect(launch(place, sampleJob('full'), nothing)).rejects.toThrow(
      /^The results' volume is full: .*Remove runs or caches .* full was not started\.$/s,
    );
    expect(globSync('.bgb/runs/full/*', { cwd: volume.folder })).toEqual([]);
    // Room for what a run begins with, and for no checkpoint.
    volume.limitBytes = used() + 100_000;
    await launch(place, sampleJob('full'), nothing);
    const { lines, said, options } = following();
    const { ending, standing } = await follow(place, 'full', options);
    expect([ending, standing?.attempts.length, standing?.savedStep, said]).toEqual(['failed', 1, null, []]);
    expect(lines.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/ENOSPC: no space left on device/),
    );
    expect(globSync('full/checkpoints/*', { cwd: volume.folder })).toEqual([]);
    volume.limitBytes = null;
    await expect(launch(place, sampleJob('full'), nothing)).rejects.toThrow(
      /full is there and not done\. Go on with it/,
    );
    await relaunch(place, 'full', () => undefined);
    expect((await follow(place, 'full', following().options)).ending).toBe('done');
    expect(lastTensors('full')).toBe(lastTensors('whole'));
  },
);

test('two launches of a name at the same moment: one starts it, the other is told', async () => {
  const other = new ModalPlace(await connect(), { app: 'bgb', volume: VOLUME, data: null }, (each) =>
    each.images.fromRegistry('a-base'),
  ); // biome-ignore format: one expression
  const job = (token: string) => sampleJob('raced', { token, command: ['edf'] });
  const both = await Promise.allSettled([
    launch(place, job('of the one'), nothing),
    launch(other, job('of the other'), nothing),
  ]);
  const refused = both.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  expect(refused).toEqual([
    expect.stringMatching(/(already running or starting raced|A run named raced is running)/),
  ]);
  expect(standIn.sandboxes.filter(({ name }) => name === 'raced')).toHaveLength(1);
});

test('a run that is thought dead and goes on is started again: the mixture is told', async () => {
  await launch(place, sampleJob('twice', {}, ['training.epochs=6']), nothing);
  await step('twice', 2);
  const first = standIn.sandbox('twice');
  first.isForgotten = true;
  standIn.breakStreams();
  const { ending, standing } = await follow(place, 'twice', following().options);
  expect([ending, standing?.attempts.map(({ number, unended }) => [number, unended])]).toEqual(['done', [[1, []], [2, [1]]]]); // biome-ignore format: one line
  await first.container.ended;
  expect(writtenByTwo(await readStanding(place, '/results', 'twice'))).toMatch(
    /^Attempts 1 and 2 ran at the same time: .* may be a mixture of both\. Start it anew/,
  );
});
