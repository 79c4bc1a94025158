import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { EventLog } from './event-log.ts';

let folder: string;
let path: string;
let supersededPath: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-events-'));
  path = join(folder, 'events.jsonl');
  supersededPath = join(folder, 'events.superseded.jsonl');
});
afterEach(async () => rm(folder, { recursive: true }));

const now = () => new Date('2025-01-01T00:00:00Z');
const reopen = (keep: number) => EventLog.reopen(path, { keep, supersededPath, now });

async function linesOf(file: string): Promise<{ seq: number; step: number }[]> {
  const text = await readFile(file, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function writeSteps(from: number, to: number, log = EventLog.create(path, now)): void {
  for (let step = from; step <= to; step++) log.append('step', step);
  log.close();
}

test('a line has number, time, kind, step and fields; what JSON lacks is text', async () => {
  using log = EventLog.create(path, now);
  log.append('step', 1, { loss: Number.NaN, norm: Number.POSITIVE_INFINITY, lr: 1e-4, note: 'é\n' });
  expect(await readFile(path, 'utf8')).toBe(
    '{"seq":0,"at":"2025-01-01T00:00:00.000Z","kind":"step","step":1,' +
      '"loss":"NaN","norm":"Infinity","lr":0.0001,"note":"é\\n"}\n',
  );
  expect(log.length).toBe(1);
  expect(() => log.append('step', 2, { seq: 7 })).toThrow('cannot have a field "seq" of its own');
});

test('reopening moves later lines away and goes on with the next number', async () => {
  writeSteps(1, 10);
  const { log, cut } = await reopen(6);
  expect(cut).toEqual({ lines: 4, tornBytes: 0 });
  writeSteps(7, 9, log);
  expect((await linesOf(path)).map((line) => line.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect((await linesOf(path)).map((line) => line.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect((await linesOf(supersededPath)).map((line) => line.step)).toEqual([7, 8, 9, 10]);
});

test('a torn last line is cut, whatever its bytes', async () => {
  writeSteps(1, 3);
  await appendFile(path, Buffer.from([0x7b, 0x22, 0x73, 0xc3]));
  const { log, cut } = await reopen(3);
  log.close();
  expect(cut).toEqual({ lines: 0, tornBytes: 4 });
  expect(await linesOf(path)).toHaveLength(3);
});

test('lines after the kept ones may be damaged; the kept ones may not', async () => {
  writeSteps(1, 3);
  await appendFile(path, `${'\0'.repeat(50)}\n`);
  (await reopen(3)).log.close();
  expect(await linesOf(path)).toHaveLength(3);

  for (const [keep, text, message] of [
    [4, null, 'counts 4 lines, but it has 3'],
    [2, '{"seq":0}\n{"seq"\n', 'line 2 is not JSON'],
    [2, '{"seq":0}\n{"seq":2}\n', 'line 2 must have "seq": 1, but has 2'],
    [1, 'null\n', 'line 1 must have "seq": 0, but has undefined'],
  ] as const) {
    if (text !== null) await writeFile(path, text);
    const before = await readFile(path, 'utf8');
    const error = await reopen(keep).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).code).toBe('RUN_EVENTS');
    expect((error as InputError).message).toContain(message);
    expect(await readFile(path, 'utf8')).toBe(before);
  }
  await rm(path);
  await expect(reopen(0)).rejects.toThrow('it cannot be opened');
});

test('lines longer than the read buffer are kept whole', async () => {
  const log = EventLog.create(path, now);
  for (let step = 1; step <= 4; step++) log.append('step', step, { text: 'é'.repeat(700_000) });
  log.close();
  const { log: again, cut } = await reopen(3);
  again.close();
  expect(cut.lines).toBe(1);
  expect((await linesOf(path)).map((line) => line.step)).toEqual([1, 2, 3]);
  expect((await linesOf(supersededPath)).map((line) => line.step)).toEqual([4]);
});

test('any interruptions leave every step once, in order', async () => {
  const sessions = fc.array(
    fc.record({ steps: fc.integer({ min: 0, max: 8 }), lost: fc.nat(8), torn: fc.nat(20) }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(sessions, async (list) => {
      await rm(path, { force: true });
      let log = EventLog.create(path, now);
      let done = 0;
      for (const { steps, lost, torn } of list) {
        for (let step = 0; step < steps; step++) log.append('step', ++done);
        log.close();
        await appendFile(path, '{"seq":1,"at":"2025-01'.slice(0, torn));
        done = Math.max(0, done - lost);
        ({ log } = await reopen(done));
      }
      log.append('step', ++done);
      log.close();
      const lines = await linesOf(path);
      expect(lines.map((line) => line.step)).toEqual(Array.from({ length: done }, (_, index) => index + 1));
      expect(lines.map((line) => line.seq)).toEqual(Array.from({ length: done }, (_, index) => index));
    }),
    { numRuns: 60 },
  );
});
