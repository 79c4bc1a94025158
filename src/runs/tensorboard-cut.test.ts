import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TensorboardWriter } from './tensorboard.ts';
import { cutTensorboard } from './tensorboard-cut.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-cut-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const now = new Date(1_610_612_736_500);
const bytes = () => readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('hex'));

/** A session that writes these steps; returns the records so far. */
function session(steps: readonly number[], records = 0): number {
  using board = TensorboardWriter.create(folder, { now, records });
  for (const step of steps) board.scalars(step, { loss: 1 / step }, now);
  return board.records;
}

test('files are cut back to the records that a checkpoint counted, over all sessions', () => {
  const first = session([1, 2, 3]);
  expect(first).toBe(4); // with the version of the file
  const expected = bytes();
  const second = session([4, 5], first);
  expect(second).toBe(7);
  session([6], second);
  expect(cutTensorboard(folder, second)).toBe(second);
  expect(readdirSync(folder)).toHaveLength(2);
  expect(cutTensorboard(folder, first)).toBe(first);
  expect(bytes()).toEqual(expected);
  expect(cutTensorboard(folder, 2)).toBe(2);
  expect(session([], cutTensorboard(folder, 0))).toBe(1);
});

test('what a crash tore off at the end goes, too, and fewer records than counted are no error', () => {
  const records = session([1, 2]);
  const whole = bytes();
  appendFileSync(join(folder, readdirSync(folder)[0]!), Buffer.from('1800000000', 'hex'));
  expect(cutTensorboard(folder, records + 5)).toBe(records);
  expect(bytes()).toEqual(whole);
  expect(cutTensorboard(join(folder, 'nowhere'), 3)).toBe(0);
});
