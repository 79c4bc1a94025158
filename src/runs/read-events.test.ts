import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { EventLog } from './event-log.ts';
import { numberIn, parseEvent, readEvents } from './read-events.ts';

const folder = await mkdtemp(join(tmpdir(), 'bgb-read-events-'));
afterAll(() => rm(folder, { recursive: true }));

const all = async (path: string) => Array.fromAsync(readEvents(path));

test('what a log wrote is read, numbers that JSON has no word for too', async () => {
  const path = join(folder, 'whole.jsonl');
  using log = EventLog.create(path, () => new Date('2025-01-01T00:00:00Z'));
  log.append('data_set', 0, { residency: 'disk' });
  log.append('step', 1, {
    loss: Number.NaN,
    gradient_norm: -Infinity,
    gpu_utilisation: null,
    windows: 'ä\n',
  });
  const events = await all(path);
  expect(events.map(({ seq, kind, step }) => [seq, kind, step])).toEqual([
    [0, 'data_set', 0],
    [1, 'step', 1],
  ]);
  expect(numberIn(events[1]!, 'loss')).toBeNaN();
  expect(numberIn(events[1]!, 'gradient_norm')).toBe(-Infinity);
  expect(numberIn(events[1]!, 'gpu_utilisation')).toBeNull();
  expect(numberIn(events[1]!, 'windows')).toBeNull();
});

test('a torn last line is left out, wherever it was torn; many lines arrive whole', async () => {
  const path = join(folder, 'torn.jsonl');
  const lines = Array.from({ length: 30_000 }, (_, seq) =>
    JSON.stringify({ seq, at: '2025-01-01T00:00:00Z', kind: 'step', step: seq, text: 'ü'.repeat(seq % 60) }),
  );
  const text = `${lines.join('\n')}\n`;
  await writeFile(path, text);
  expect((await all(path)).map(({ seq }) => seq)).toEqual(lines.map((_, seq) => seq));
  await truncate(path, Buffer.byteLength(text) - 1);
  expect(await all(path)).toHaveLength(29_999);
  await truncate(path, Buffer.byteLength(text) - 30);
  expect(await all(path)).toHaveLength(29_999);
});

test('a damaged line is named; so is a file that is not there', async () => {
  const path = join(folder, 'damaged.jsonl');
  await writeFile(path, '{"seq":0,"at":"2025","kind":"step","step":0}\n{"seq":1,\n');
  await expect(all(path)).rejects.toThrow(/^Line 2 of .*damaged\.jsonl is no event/);
  await expect(all(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'RUN_EVENTS' });
});

test('no text makes the parser throw', () => {
  const line = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(line, (text) => {
      const event = parseEvent(text);
      expect(event === null || typeof event.kind === 'string').toBe(true);
    }),
  );
});
