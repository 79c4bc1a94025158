import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TrainingWatch } from './at-training.ts';
import type { Finding } from './finding.ts';
import { Corpus } from './testing/corpus.ts';
import { examined, named } from './testing/looking.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.make();
});
afterAll(() => corpus[Symbol.dispose]());

test('train does not start where its windows hold no seizure, unless told --force; the printed command mends it', async () => {
  // The first seizure of chb01_03_clip begins at 10 s: windows of 4 s at 0, 2 and 4 s hold none.
  const { config, root } = corpus.copy([['max_samples: 64', 'max_samples: 3']]);
  const { findings } = await examined(config);
  expect(findings.map(({ rule }) => rule)).toEqual(['limits-without-seizures']);
  expect(findings[0]!.evidence).toMatch(
    /data\.max_samples 3, .*: 3 windows are left, 0 with seizure; the first with seizure is window 5$/,
  );
  const refused = type(`bgb train '${config}'`, { cwd: root });
  expect(refused.code).toBe(2);
  expect(refused.errors).toMatch(/The result of this training would be worthless:\nE1 worthless result: /);
  expect(refused.errors).toMatch(/or train all the same with --force\./);
  expect(existsSync(join(root, 'run'))).toBe(false);
  const forced = type(`bgb train '${config}' --force --set training.epochs=1`, { cwd: root });
  expect(forced.code).toBe(0);
  expect(forced.errors.match(/limits for bring-up leave no seizure/g)).toHaveLength(1);
  // A run on such a set says so by itself.
  expect(named(await examined(join(root, 'run')))).toContain('E1 no-positive-batches');
  type(findings[0]!.fix.command!, { cwd: root });
  expect(named(await examined(config))).toEqual([]);
});

test('what is only wasteful is said once, and training starts', () => {
  const { config, root } = corpus.copy([['learning_rate: 1e-3', 'learning_rate: 0.1']]);
  const { code, errors } = type(`bgb train '${config}' --set training.epochs=1`, { cwd: root });
  expect(code).toBe(0);
  expect(errors.match(/The learning rate does not suit the batch size/g)).toHaveLength(1);
});

test('while it trains, waiting makes it look once, and each finding is said once', async () => {
  let [time, looked] = [0, 0];
  const said: string[] = [];
  const finding = (rule: string) =>
    ({
      rule,
      id: 'L1',
      severity: 'wasteful',
      title: rule,
      evidence: '',
      cause: '',
      fix: { command: null, says: '' },
    }) as unknown as Finding;
  const watch = new TrainingWatch({
    look: async () => {
      looked++;
      return [finding('starved-workers'), ...(looked > 1 ? [finding('starved-mount')] : [])];
    },
    say: ([line]) => said.push(line!),
    now: () => time,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  // 8 windows at 8 a second, half of it waiting: 2 s have been waited for after four steps.
  const step = () => ({ windowsPerSecond: 8, waitingShare: 0.5 });
  for (let i = 0; i < 3; i++) watch.observe(step(), 8);
  expect(looked).toBe(0);
  watch.observe(step(), 8);
  await turn();
  for (let i = 0; i < 20; i++) watch.observe(step(), 8);
  expect(looked).toBe(1);
  time += 60_000;
  watch.observe(step(), 8);
  await turn();
  expect([looked, said]).toEqual([2, ['L1 wasteful: starved-workers', 'L1 wasteful: starved-mount']]);
});

test('a training that waits little is never looked at', () => {
  const watch = new TrainingWatch({
    look: () => Promise.reject(new Error('looked')),
    say: () => undefined,
    now: () => 0,
  });
  for (let i = 0; i < 1000; i++) watch.observe({ windowsPerSecond: 8, waitingShare: 0.05 }, 8);
});

test('waiting that begins after hours without any is seen within a few hundred steps', async () => {
  let looked = 0;
  const watch = new TrainingWatch({
    look: async () => {
      looked++;
      return [];
    },
    say: () => undefined,
    now: () => 0,
  });
  for (let i = 0; i < 100_000; i++) watch.observe({ windowsPerSecond: 8, waitingShare: 0 }, 8);
  for (let i = 0; i < 300; i++) watch.observe({ windowsPerSecond: 8, waitingShare: 0.3 }, 8);
  expect(looked).toBe(1);
});
