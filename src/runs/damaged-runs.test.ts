import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { readRunEvents, readRunFingerprint, readRunRecordings } from './fingerprint.ts';
import { createRun } from './run-folder.ts';
import { readRunStatus } from './run-status.ts';
import { startWith } from './testing/starts.ts';
import { stateAt, tensorsFilledWith } from './testing/states.ts';

const parent = await mkdtemp(join(tmpdir(), 'bgb-damaged-'));
const folder = join(parent, 'run');
afterAll(() => rm(parent, { recursive: true }));

const FILES = [
  ...['run.json', 'config.yaml', 'environment.json', 'fingerprint.json', 'recordings.json', 'events.jsonl'],
  ...['run.lock', 'done.json', 'checkpoints/last.json', 'remote.json', 'heartbeat.json'],
];

beforeAll(async () => {
  const run = await createRun(folder, startWith());
  for (let step = 1; step <= 5; step++) run.events.append('step', step, { loss: 1 / step, windows_per_s: 8 });
  const { events: _events, data: _data, code_version: _version, ...state } = stateAt(5);
  await run.saveCheckpoint('last', { tensors: tensorsFilledWith(5), state });
  const lock = await readFile(join(folder, 'run.lock'));
  await run.finish(5, { auroc: 0.9 });
  await writeFile(join(folder, 'run.lock'), lock);
  await writeFile(join(folder, 'remote.json'), '{"where":"cloud"}');
  await writeFile(
    join(folder, 'heartbeat.json'),
    '{"at":"2025-01-01T00:00:00Z","interval_s":10,"stopped":false}',
  );
});

/** Files that lost their end, have a byte changed, or are something else. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('byte' as const),
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    value: fc.nat(255),
  }),
  fc.record({
    kind: fc.constant('other' as const),
    text: fc.constantFrom(
      '',
      'null',
      '[]',
      '{}',
      '7',
      '"a"',
      '- a\n',
      '\0',
      '{"sessions":[]}',
      '{"state":{"loop":null}}',
    ),
  }),
);

test('whatever one file of a run holds, what reads it answers or says which file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...FILES), damage, async (name, what) => {
      const path = join(folder, name);
      const whole = await readFile(path);
      const at = Math.floor((what.kind === 'other' ? 0 : what.at) * whole.length);
      const bytes = Buffer.from(what.kind === 'other' ? what.text : whole);
      if (what.kind === 'byte') bytes[at] = what.value;
      await writeFile(path, what.kind === 'cut' ? bytes.subarray(0, at) : bytes);
      try {
        for (const read of [
          () => readRunStatus(folder, new Date()),
          () => readRunFingerprint(folder),
          () => readRunRecordings(folder),
          () => Array.fromAsync(readRunEvents(folder)),
        ]) {
          const error = await read().then(
            () => null,
            (thrown: unknown) => thrown,
          );
          if (error === null) continue;
          expect(error, name).toBeInstanceOf(InputError);
          expect((error as InputError).message).toContain(name);
        }
      } finally {
        await writeFile(path, whole);
      }
    }),
    { numRuns: 150 },
  );
});
