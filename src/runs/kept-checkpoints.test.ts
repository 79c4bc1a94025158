import { readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { createRun, openRun } from './run-folder.ts';
import { startWith } from './testing/starts.ts';
import { stateAt, tensorsFilledWith } from './testing/states.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-kept-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function save(step: number, keep: number, within = folder) {
  await saveCheckpoint(within, 'last', { tensors: tensorsFilledWith(step), state: stateAt(step), keep });
}

const stepOf = async (path: string) => {
  await using checkpoint = await loadCheckpoint(path, 'last');
  return checkpoint.state.step;
};

test('the last ones are kept, each whole; others of the folder stay', async () => {
  await saveCheckpoint(folder, 'best', { tensors: tensorsFilledWith(1), state: stateAt(1) });
  for (const step of [9, 10, 100, 101]) await save(step, 3);
  const jsons = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(jsons.sort()).toEqual(['best.json', 'last-step-10.json', 'last-step-100.json', 'last.json']);
  expect(readdirSync(folder).filter((name) => name.endsWith('.safetensors'))).toHaveLength(4);
  expect(await stepOf(join(folder, 'last-step-10.json'))).toBe(10);
  expect(await stepOf(join(folder, 'last-step-100.json'))).toBe(100);
  expect(await stepOf(folder)).toBe(101);
  await save(102, 1);
  expect(readdirSync(folder).filter((name) => name.startsWith('last'))).toHaveLength(2);
});

test('what a crash between the writes leaves is whole, and cleaned by the next save', async () => {
  await save(1, 2);
  // A crash after the previous one was kept, before the new JSON: both name the same tensors.
  writeFileSync(join(folder, 'last-step-1.json'), readFileSync(join(folder, 'last.json')));
  writeFileSync(join(folder, 'last-0123456789abcdef.safetensors'), 'never named');
  expect(await stepOf(folder)).toBe(1);
  await save(2, 2);
  expect(readdirSync(folder).filter((name) => name.endsWith('.safetensors'))).toHaveLength(2);
  expect(await stepOf(join(folder, 'last-step-1.json'))).toBe(1);
});

async function runWith(steps: readonly number[]): Promise<string> {
  const run = await createRun(join(folder, 'run'), startWith());
  for (const step of steps) {
    run.events.append('step', step);
    const { events: _events, data: _data, code_version: _version, ...state } = stateAt(step);
    await run.saveCheckpoint('last', { tensors: tensorsFilledWith(step), state, keep: 3 });
  }
  await run.close();
  return join(folder, 'run/checkpoints');
}

const tensorsOf = (json: string): string => JSON.parse(readFileSync(json, 'utf8')).tensors.file;

test.each([
  ['a byte of its tensors', (at: string) => flip(join(at, tensorsOf(join(at, 'last.json'))))],
  ['a cut in its tensors', (at: string) => truncateSync(join(at, tensorsOf(join(at, 'last.json'))), 100)],
  ['a cut in its JSON', (at: string) => truncateSync(join(at, 'last.json'), 100)],
])('a damaged checkpoint (%s) is named, set aside, and the one before it taken', async (_what, damage) => {
  const checkpoints = await runWith([1, 2, 3]);
  damage(checkpoints);
  await using run = await openRun(join(folder, 'run'), startWith());
  expect(run.resumedFrom?.state.step).toBe(2);
  expect(run.notices[0]).toMatch(
    /^Damaged, and now last\.json\.damaged: .*checkpoints\/last.* The checkpoint before/,
  );
  expect(readdirSync(checkpoints)).toContain('last.json.damaged');
  // Killed before the next save, it would resume from the same one.
  expect(await stepOf(run.resumedFrom!.path)).toBe(2);
  // The log is cut back to the older one, and the next save is the last again.
  expect(run.events.length).toBe(3);
  const { events: _events, data: _data, code_version: _version, ...state } = stateAt(3);
  await run.saveCheckpoint('last', { tensors: tensorsFilledWith(3), state, keep: 3 });
  expect(await stepOf(join(folder, 'run'))).toBe(3);
});

test('several damaged ones are passed over; where all are, all are named and nothing is changed', async () => {
  const checkpoints = await runWith([1, 2, 3]);
  flip(join(checkpoints, tensorsOf(join(checkpoints, 'last.json'))));
  flip(join(checkpoints, tensorsOf(join(checkpoints, 'last-step-2.json'))));
  const before = readdirSync(checkpoints).sort();
  {
    flip(join(checkpoints, tensorsOf(join(checkpoints, 'last-step-1.json'))));
    const refusal = openRun(join(folder, 'run'), startWith());
    await expect(refusal).rejects.toMatchObject({ code: 'CHECKPOINT_HALF' });
    await expect(refusal).rejects.toThrow(/last\.json[\s\S]*last-step-2\.json[\s\S]*last-step-1\.json/);
    expect(readdirSync(checkpoints).sort()).toEqual(before);
    flip(join(checkpoints, tensorsOf(join(checkpoints, 'last-step-1.json'))));
  }
  await using run = await openRun(join(folder, 'run'), startWith());
  expect(run.resumedFrom?.state.step).toBe(1);
  expect(run.notices.filter((notice) => notice.startsWith('Damaged'))).toHaveLength(2);
});

test('killed between setting a damaged one aside and the next save, the one before is still found', async () => {
  const checkpoints = await runWith([1, 2, 3]);
  renameSync(join(checkpoints, 'last.json'), join(checkpoints, 'last.json.damaged'));
  await using run = await openRun(join(folder, 'run'), startWith());
  expect(run.resumedFrom?.state.step).toBe(2);
});

/** Turns one bit in the middle of a file. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 5]! ^= 1;
  writeFileSync(path, bytes);
}
