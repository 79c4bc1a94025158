/** Faults of runs, each planted, and mended by the command that is printed for it. */
import { cpSync, globSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examine } from './examine.ts';
import type { RunSubject, StepPace } from './run-subject.ts';
import type { Subject } from './subject.ts';
import { Corpus, type SetUp } from './testing/corpus.ts';
import { examined, named, subjectOf } from './testing/looking.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
let trained: SetUp;
beforeAll(async () => {
  corpus = await Corpus.make();
  trained = corpus.copy([
    ['epochs: 2', 'epochs: 1'],
    ['use_balanced_sampling: false', 'use_balanced_sampling: false\n  residency: disk\n  num_workers: 1'],
  ]);
  for (const part of [join(trained.cache, 'dev'), join(trained.data, 'chb03')])
    rmSync(part, { recursive: true });
  expect(type(`bgb train '${trained.config}'`, { cwd: trained.root })).toMatchObject({ code: 0 });
});
afterAll(() => corpus[Symbol.dispose]());

let copies = 0;

/** A copy of the trained run as if it had not finished: its log ends with these events. */
function unfinished(...last: readonly Readonly<Record<string, unknown>>[]): string {
  const [from, to] = [join(trained.root, 'run'), join(trained.root, `run-${++copies}`)];
  cpSync(from, to, { recursive: true });
  rmSync(join(to, 'done.json'));
  const config = readFileSync(join(to, 'config.yaml'), 'utf8');
  writeFileSync(join(to, 'config.yaml'), config.replace(`output_dir: ${from}`, `output_dir: ${to}`));
  const lines = readFileSync(join(to, 'events.jsonl'), 'utf8').trim().split('\n');
  expect(JSON.parse(lines.pop()!).kind).toBe('finished');
  const { step, at } = JSON.parse(lines.at(-1)!);
  for (const event of last) lines.push(JSON.stringify({ seq: lines.length, at, step, ...event }));
  writeFileSync(join(to, 'events.jsonl'), `${lines.join('\n')}\n`);
  return to;
}

/** What is found where the records of a run say something else in one place. */
async function foundWith(
  run: string,
  change: (subject: Subject & { run: RunSubject }) => Partial<RunSubject>,
  rest: Partial<Subject> = {},
) {
  const subject = (await subjectOf(run)) as Subject & { run: RunSubject };
  return examine({ ...subject, ...rest, run: { ...subject.run, ...change(subject) } });
}

const stopped = () => unfinished({ kind: 'stopped', signal: 'SIGINT' });

/** 100 steps of 8 windows, half of whose time was spent waiting. */
const WAITING: StepPace = {
  ...{ steps: 100, windows: 800, seconds: 100, waitedS: 50, copiedS: 0, waitedAtEpochsS: 0 },
  gpuUtilisation: null,
};

function withEnvironment(
  { run }: { run: RunSubject },
  change: Partial<RunSubject['fingerprint']['environment']>,
) {
  return { fingerprint: { ...run.fingerprint, environment: { ...run.fingerprint.environment, ...change } } };
}

test('a learning rate that is absurd: the run stops, and one with the usual rate is trained in its place', async () => {
  const setUp = corpus.copy([
    ['learning_rate: 1e-3', 'learning_rate: 1e30\n  guards: {skipped_steps: 3}'],
    ['epochs: 2', 'epochs: 1'],
    ['batch_size: 8', 'batch_size: 4'],
  ]);
  const run = join(setUp.root, 'run');
  expect(type(`bgb train '${setUp.config}'`, { cwd: setUp.root })).toMatchObject({ code: 1 });
  const found = await examined(run);
  expect(named(found)).toEqual(['F1 run-not-finite', 'F6 learning-rate']);
  expect(found.findings[0]!.evidence).toMatch(
    /^step \d+: Loss or gradient was not finite in 3 steps in a row/,
  );
  // 3e-4 for 8 windows, by the square root of 4 / 8.
  expect(found.findings[0]!.fix.command).toBe(
    `bgb train ${run}/config.yaml --set training.learning_rate=2.1e-4 --set experiment.output_dir=${run}-again`,
  );
  expect(type(found.findings[0]!.fix.command!, { cwd: setUp.root })).toMatchObject({ code: 0 });
  const after = await examined(run);
  expect(named(after)).toEqual([]);
  expect(after.checklist.at(-1)).toEqual({
    item: 'trained anew',
    state: 'ok',
    says: `${run}-again (finished)`,
  });
  expect(named(await examined(`${run}-again`))).toEqual([]);
});

test.each([
  {
    name: 'a batch that was too large for the memory',
    events: [
      {
        kind: 'aborted',
        reason:
          'The memory does not suffice (training, batches of 8 windows). A batch of 4 would fit: set training.batch_size to 4. libtorch says: out of memory',
      },
    ],
    expected: 'M4 run-out-of-memory',
    evidence: /^step \d+: The memory does not suffice \(training, batches of 8 windows\)/,
    command: /--set training\.batch_size=4 --set training\.gradient_accumulation_steps=2 /,
  },
  {
    name: 'steps that were skipped',
    events: [
      { kind: 'skipped', loss: null, gradient_norm: null, window_list: ['chb01/chb01_03_clip.npz row 512'] },
      { kind: 'stopped', signal: 'SIGINT' },
    ],
    expected: 'F1 steps-skipped',
    evidence: /^1 of the last \d+ steps; the last at step \d+ with chb01\/chb01_03_clip\.npz row 512$/,
    // A third of the 1e-3 of this configuration.
    command: /--set training\.learning_rate=3\.3e-4 /,
  },
])('$name: mended by a run in its place', async ({ events, expected, evidence, command }) => {
  const run = unfinished(...events);
  const found = await examined(run);
  expect(named(found)).toEqual([expected]);
  expect(found.findings[0]!.evidence).toMatch(evidence);
  expect(found.findings[0]!.fix.command).toMatch(command);
  expect(type(found.findings[0]!.fix.command!, { cwd: trained.root })).toMatchObject({ code: 0 });
  expect(named(await examined(run))).toEqual([]);
});

test('one whose successor went wrong, too, says where to go on', async () => {
  const reason = 'Loss or gradient was not finite in 20 steps in a row, up to step 21.';
  const run = unfinished({ kind: 'aborted', reason });
  cpSync(run, `${run}-again`, { recursive: true });
  const { findings } = await examined(run);
  expect(findings).toMatchObject([{ rule: 'run-not-finite', fix: { command: null } }]);
  expect(findings[0]!.fix.says).toMatch(
    /-again, which went wrong, too: bgb doctor \S+-again says how to go on\.$/,
  );
});

test.each([
  {
    name: 'workers that are started anew each epoch',
    change: () => ({ pace: { ...WAITING, waitedAtEpochsS: 45 } }),
    expected: 'L3 starved-restarts',
    evidence:
      /^waiting 50 % of the last 100 steps, 1\.0 s a step; 90 % of it in the first steps of epochs; data\.persistent_workers false$/,
    command: /--resume --set data\.persistent_workers=true$/,
  },
  {
    name: 'copies from memory that is not pinned',
    change: (subject: Subject & { run: RunSubject }) => ({
      pace: { ...WAITING, waitedS: 0, copiedS: 40, gpuUtilisation: 0.5 },
      residency: 'host' as const,
      ...withEnvironment(subject, { device: 'cuda' }),
    }),
    expected: 'L2 slow-copies',
    evidence: /^copying 40 % of the last 100 steps; data\.pin_memory false$/,
    command: /--resume --set data\.pin_memory=true$/,
  },
  {
    name: 'samples beyond the memory',
    change: (subject: Subject & { run: RunSubject }) => ({
      pace: WAITING,
      ...withEnvironment(subject, { memory_limit_bytes: 1_000_000 }),
    }),
    expected: 'L6 starved-memory',
    // 87 s at 256 Hz of 18 channels of int16 and a label: 824,064 bytes.
    evidence: /; 1 MiB of samples, 1 MiB of memory/,
    command: null,
  },
  {
    name: 'a GPU that idles for no reason that is known',
    change: () => ({ pace: { ...WAITING, seconds: 200, waitedS: 2, copiedS: 1, gpuUtilisation: 0.12 } }),
    expected: 'L8 gpu-idle',
    evidence: /^GPU utilisation 12 %, 2\.0 s a step of 8 windows, waiting 1 %, copying 1 %$/,
    command: null,
  },
])(
  '$name: found, and nothing else; the printed command goes on',
  async ({ change, expected, evidence, command }) => {
    const run = stopped();
    const found = await foundWith(run, change);
    expect(named(found)).toEqual([expected]);
    expect(found.findings[0]!.evidence).toMatch(evidence);
    if (command === null) return expect(found.findings[0]!.fix.command).toBe(null);
    expect(found.findings[0]!.fix.command).toMatch(command);
    expect(type(found.findings[0]!.fix.command!, { cwd: trained.root })).toMatchObject({ code: 0 });
    expect(named(await examined(run))).toEqual([]);
  },
);

test('a log without its end, of a run that cannot go on: trained anew; of one that has finished, too', async () => {
  const run = stopped();
  const lines = readFileSync(join(run, 'events.jsonl'), 'utf8').trim().split('\n');
  writeFileSync(join(run, 'events.jsonl'), `${lines.slice(0, 3).join('\n')}\n`);
  const found = await examined(run);
  expect(named(found)).toEqual(['D11 log-cut']);
  // The checkpoint was saved before the line about the end.
  expect(found.findings[0]!.evidence).toBe(
    `events.jsonl ends with line 3, ${lines.length - 1 - 3} before what last.json counts`,
  );
  expect(type(found.findings[0]!.fix.command!, { cwd: trained.root })).toMatchObject({ code: 0 });
  expect(named(await examined(run))).toEqual([]);
});

test('a configuration that is not the one of the run: nothing is concluded from it', async () => {
  for (const change of [
    (text: string) => text.slice(0, 200),
    (text: string) => text.replace('learning_rate: 0.001', 'learning_rate: 0.002'),
  ]) {
    const run = stopped();
    const path = join(run, 'config.yaml');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, change(text));
    const found = await examined(run);
    expect(named(found)).toEqual(['D11 run-config-changed']);
    expect(found.findings[0]!.fix.command).toBe(null);
    writeFileSync(path, text);
    expect(named(await examined(run))).toEqual([]);
  }
});

test('a last checkpoint that is damaged, and none before it: trained anew', async () => {
  const run = stopped();
  for (const name of globSync('*.safetensors', { cwd: join(run, 'checkpoints') }))
    truncateSync(join(run, 'checkpoints', name), 100);
  const found = await examined(run);
  expect(named(found)).toEqual(['D11 checkpoint-damaged']);
  expect(type(found.findings[0]!.fix.command!, { cwd: trained.root })).toMatchObject({ code: 0 });
  expect(named(await examined(run))).toEqual([]);
});

test('windows that were listed and not in the cache: built, and trained anew', async () => {
  const run = stopped();
  const path = join(run, 'fingerprint.json');
  const record = JSON.parse(readFileSync(path, 'utf8'));
  record.splits.train.found -= 4;
  writeFileSync(path, JSON.stringify(record));
  const found = await examined(run);
  expect(named(found)).toEqual(['D5 cache-misses']);
  const { listed } = record.splits.train;
  expect(found.findings[0]!.evidence).toMatch(`train: ${listed - 4} of ${listed} windows found`);
  expect(type(found.findings[0]!.fix.command!, { cwd: trained.root })).toMatchObject({ code: 0 });
  expect(named(await examined(run))).toEqual([]);
});
