import { expect, test } from 'vitest';
import { resolveConfig } from '../../config/index.ts';
import { Commands } from '../commands.ts';
import type { Subject } from '../subject.ts';
import { RUN } from './run.ts';

/** What the rules say of a run that failed for this reason. */
function found(reason: string, rate = 3e-4) {
  const run = {
    folder: 'results/a b/',
    status: { state: 'failed', step: 70, reason },
    successor: null,
  };
  const { config: values } = resolveConfig(`training: {batch_size: 8, learning_rate: ${rate}}`, 'train.yaml');
  const config = { path: 'train.yaml', loaded: { config: values } };
  const commands = new Commands({
    configPath: 'train.yaml',
    run: { folder: 'results/a b/', path: 'train.yaml', state: 'failed' },
  });
  const subject = { run, config, commands } as unknown as Subject;
  return RUN.filter(({ name }) => name.startsWith('run-')).flatMap((rule) =>
    rule.look(subject).map(({ evidence, fix }) => ({ name: rule.name, evidence, command: fix.command })),
  );
}

test('a collapsed run: which of the two, without the list of causes that follows it in the log', () => {
  const reason = (why: string) =>
    `The model has collapsed: after epoch 7, for 5 evaluations in a row, ${why}. Likely causes:\n- one\n- two`;
  const command =
    "bgb train train.yaml --set training.pos_weight=auto --set 'experiment.output_dir=results/a b-again'";
  for (const why of ['the AUROC on dev is 0.512, and chance is 0.5', 'the model says no to everything'])
    expect(found(reason(why))).toEqual([
      {
        name: 'run-collapsed',
        evidence: `step 70: The model has collapsed: after epoch 7, for 5 evaluations in a row, ${why}.`,
        command,
      },
    ]);
});

test('not finite: a third of the rate; far beyond the usual one, the usual one', () => {
  const reasons = [
    'Loss or gradient was not finite in 20 steps in a row, up to step 21. Lower training.learning_rate.',
    'The model predicts NaN for chb03/a.npz. Lower training.learning_rate.',
  ];
  // 3e-4 is the usual rate of 8 windows a step.
  for (const reason of reasons)
    expect([3e-4, 2e-3, 1e30].map((rate) => found(reason, rate)[0]!.command)).toEqual(
      ['1.0e-4', '6.7e-4', '3.0e-4'].map(
        (rate) =>
          `bgb train train.yaml --set training.learning_rate=${rate} --set 'experiment.output_dir=results/a b-again'`,
      ),
    );
  expect(found(reasons[1]!).map(({ name }) => name)).toEqual(['run-not-finite']);
});

test('out of memory: the batch that was told to fit, else half of it, so that a step keeps its windows', () => {
  const reason = (advice: string) =>
    `The memory does not suffice (training, batches of 8 windows). ${advice} libtorch says: no`;
  for (const [advice, batch, accumulation] of [
    ['Lower training.batch_size.', 4, 2],
    ['A batch of 2 would fit: set training.batch_size to 2.', 2, 4],
    // 3 do not divide 8.
    ['A batch of 3 would fit: set training.batch_size to 3.', 2, 4],
  ] as const)
    expect(found(reason(advice))).toEqual([
      {
        name: 'run-out-of-memory',
        evidence: expect.stringContaining('step 70: The memory does not suffice'),
        command: `bgb train train.yaml --set training.batch_size=${batch} --set training.gradient_accumulation_steps=${accumulation} --set 'experiment.output_dir=results/a b-again'`,
      },
    ]);
});
