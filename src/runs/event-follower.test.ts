import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { EventFollower } from './event-follower.ts';
import { EventLog } from './event-log.ts';

const folder = await mkdtemp(join(tmpdir(), 'bgb-follow-'));
afterAll(() => rm(folder, { recursive: true }));

/** Follows a log and keeps what it is told. */
function following(path: string) {
  const follower = new EventFollower(path);
  const told = { steps: [] as number[], restarts: 0 };
  let lines: string[] = [];
  const look = () =>
    follower.look({
      onEvent: ({ seq, at, step }) => {
        told.steps.push(step);
        lines.push(line(seq, at));
      },
      onRestart: () => {
        told.restarts++;
        told.steps = [];
        lines = [];
      },
    });
  return { told, look, toldLines: () => lines };
}

const line = (seq: number, at = '2025') => `${JSON.stringify({ seq, at, kind: 'step', step: seq })}\n`;

test('what is new is told once, a torn line when it is whole', async () => {
  const path = join(folder, 'grows.jsonl');
  const { told, look } = following(path);
  await look();
  await writeFile(path, line(0) + line(1).slice(0, 10));
  await look();
  await look();
  expect(told.steps).toEqual([0]);
  await appendFile(path, line(1).slice(10) + line(2));
  await look();
  expect(told).toEqual({ steps: [0, 1, 2], restarts: 0 });
});

test('a log that a resumed run cut back is told again, also one that has grown beyond since', async () => {
  const path = join(folder, 'resumed.jsonl');
  let at = 0;
  const now = () => new Date(Date.UTC(2025, 0, 1, 0, 0, at++));
  const log = EventLog.create(path, now);
  for (let step = 1; step <= 9; step++) log.append('step', step);
  log.close();
  const { told, look } = following(path);
  await look();
  const { log: again } = await EventLog.reopen(path, {
    keep: 4,
    supersededPath: join(folder, 'superseded'),
    now,
  });
  for (let step = 5; step <= 30; step++) again.append('step', step);
  again.close();
  await look();
  expect(told).toEqual({ steps: Array.from({ length: 30 }, (_, i) => i + 1), restarts: 1 });
  await truncate(path, 0);
  await look();
  expect(told).toEqual({ steps: [], restarts: 2 });
});

test('however a log grows and is cut, what was told is what it says', async () => {
  const path = join(folder, 'any.jsonl');
  const action = fc.oneof(
    fc.record({ kind: fc.constant('grow' as const), lines: fc.nat(5), torn: fc.nat(20) }),
    fc.record({ kind: fc.constant('cut' as const), keep: fc.nat(8), lines: fc.nat(5) }),
    fc.record({ kind: fc.constant('look' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      let lines: string[] = [];
      let session = 0;
      await writeFile(path, '');
      const { toldLines, look } = following(path);
      const add = (count: number) => {
        for (let i = 0; i < count; i++) lines.push(line(lines.length, `session ${session}`));
      };
      for (const each of actions) {
        if (each.kind === 'look') await look();
        if (each.kind === 'cut') {
          session++;
          lines = lines.slice(0, each.keep);
          add(each.lines);
        }
        if (each.kind === 'grow') add(each.lines);
        const torn = each.kind === 'grow' ? line(lines.length, `session ${session}`).slice(0, each.torn) : '';
        if (each.kind !== 'look') await writeFile(path, lines.join('') + torn);
      }
      await look();
      expect(toldLines()).toEqual(lines);
    }),
    { numRuns: 60 },
  );
});
