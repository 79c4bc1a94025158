import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { collapseIn, likelyCauses } from './collapse.ts';

const { guards } = configSchema.parse({}).training;

test.each([
  [{ auroc: 0.54, highest_probability: 0.9 }, /AUROC on dev is 0\.540/],
  [{ auroc: 0.7, highest_probability: 0.09 }, /no sample of dev got a probability above 0\.090/],
  [{ auroc: 0.56, highest_probability: 0.11 }, null],
  // Without a seizure in dev there is no AUROC, and to say no to everything is right.
  [{ auroc: null, highest_probability: 0.01 }, null],
  [{}, null],
])('%o', (metrics, reason) => {
  const found = collapseIn(metrics, guards);
  if (reason === null) expect(found).toBeNull();
  else expect(found).toMatch(reason);
});

test('causes name what the configuration and the data suggest', () => {
  const causes = (training: object, share: number | null) =>
    likelyCauses(configSchema.parse({ training }), share).join('\n');
  expect(causes({}, 0)).toMatch(/^no batch of the last epoch held a seizure sample/);
  expect(causes({}, 0.01)).toMatch(/^only 1\.0 % of the samples were seizure: lower data\.balance/);
  expect(causes({ pos_weight: 'auto' }, 0.01)).not.toMatch(/only/);
  expect(causes({ focal_alpha: 0.25 }, 0.3)).toMatch(/^training\.focal_alpha 0\.25 weighs seizure less/);
  expect(causes({}, 0.3)).toMatch(/^training\.learning_rate 0\.0003/);
});
