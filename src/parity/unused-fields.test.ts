import { expect, test } from 'vitest';
import { type Config, configSchema } from '../config/index.ts';
import { FIELD_CLASSES, judge } from './field-classes.ts';
import { unusedBecause } from './unused-fields.ts';

const of = (values: object): Config => configSchema.parse(values);

// By docs/training.md, docs/model.md and docs/preprocessing.md: which fields are of which setting.
test.each<[field: string, unused: object, used: object]>([
  [
    'data.balance.full_ratio',
    { data: { use_balanced_sampling: false } },
    { data: { use_balanced_sampling: true } },
  ],
  [
    'preprocessing.length',
    { preprocessing: { resample: 'polyphase' } },
    { preprocessing: { resample: 'fft' } },
  ],
  [
    'preprocessing.running_time_constant_s',
    { preprocessing: { normalize: 'robust' } },
    { preprocessing: { normalize: 'running' } },
  ],
  ['model.rescnn.dropout', { model: { rescnn: { n_blocks: 0 } } }, { model: { rescnn: { n_blocks: 1 } } }],
  ['model.mamba.d_state', { model: { mamba: { n_layers: 0 } } }, { model: { mamba: { n_layers: 1 } } }],
  ['training.focal_gamma', { training: { loss: 'bce' } }, { training: { loss: 'focal' } }],
  ['training.momentum', { training: { optimizer: 'adamw' } }, { training: { optimizer: 'sgd' } }],
])('%s is free where neither configuration uses it', (field, unused, used) => {
  const kind = (a: object, b: object) => judge(field, of(a), of(b)).kind;
  expect([kind(unused, unused), kind(unused, used), kind(used, unused), kind(used, used)]).toEqual([
    'free',
    ...['must_equal', 'must_equal', 'must_equal'],
  ]);
});

test('what switches others off is not switched off itself', () => {
  const off = of({
    data: { use_balanced_sampling: false },
    model: { rescnn: { n_blocks: 0 }, mamba: { n_layers: 0 } },
    training: { loss: 'bce' },
  });
  const unused = Object.keys(FIELD_CLASSES).filter((field) => unusedBecause(field, off, off) !== null);
  expect(unused).toContain('training.momentum');
  for (const field of [
    ...['data.use_balanced_sampling', 'preprocessing.resample', 'preprocessing.normalize'],
    ...['model.rescnn.n_blocks', 'model.mamba.n_layers', 'training.loss', 'training.optimizer'],
  ])
    expect(unused).not.toContain(field);
});
