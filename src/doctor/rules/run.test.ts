import { expect, test } from 'vitest';
import type { Subject } from '../subject.ts';
import { RUN } from './run.ts';

/** What the rules say of a run that failed for this reason. */
function found(reason: string) {
  const run = {
    folder: 'results/a b/',
    status: { state: 'failed', step: 70, reason },
  };
  const config = { path: 'train.yaml', loaded: { config: { training: { batch_size: 8 } } } };
  const subject = { run, config } as unknown as Subject;
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
