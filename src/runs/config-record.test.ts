import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import {
  configHashes,
  configText,
  differingFields,
  parseConfigText,
  parseOrigins,
  RESULT_NEUTRAL_FIELDS,
} from './config-record.ts';

test('the file is the configuration with each origin as a comment', () => {
  const text = configText({
    values: {
      data: { window_size: 60, max_hours: null },
      model: { mamba: { dropout: 0.1 }, encoder: { channels: [64, 128] } },
      experiment: { description: 'no', wandb: { tags: [] } },
    },
    origins: {
      'data.window_size': 'train.yaml:7',
      'data.max_hours': 'default',
      'model.mamba.dropout': '--set',
      'model.encoder.channels': 'train.yaml:20',
    },
  });
  expect(text).toBe(`# The configuration of this run as it was resolved, and where each value comes from.

data:
  window_size: 60 # train.yaml:7
  max_hours: null # default
model:
  mamba:
    dropout: 0.1 # --set
  encoder:
    channels: [64, 128] # train.yaml:20
experiment:
  description: no
  wandb:
    tags: []
`);
});

test('any values read back as they were', () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const name = fc.stringMatching(/^[a-z][a-z_0-9]*$/);
  const field = fc.oneof(leaf, fc.array(leaf), fc.dictionary(name, leaf));
  const values = fc.dictionary(name, fc.dictionary(name, field));
  fc.assert(
    fc.property(values, fc.string(), (given, origin) => {
      const plain = JSON.parse(JSON.stringify(given));
      const origins = Object.fromEntries(
        Object.keys(plain).flatMap((key) =>
          Object.keys(plain[key]).map((part) => [`${key}.${part}`, origin]),
        ),
      );
      expect(
        JSON.parse(JSON.stringify(parseConfigText(configText({ values: plain, origins }), 'x'))),
      ).toEqual(plain);
    }),
  );
});

test('differing fields are listed with both values; neutral ones and the order of keys do not count', () => {
  const stored = {
    data: { stride: 10, num_workers: 4, bands: [1, 2], montage: '10-20' },
    training: { scheduler: { type: 'cosine', warmup_ratio: 0.03 } },
    experiment: { wandb: { enabled: false } },
    logging: { log_every_n_steps: 50 },
  };
  const given = {
    training: { scheduler: { warmup_ratio: 0.1, type: 'cosine' } },
    data: { montage: '10-20', stride: '10', num_workers: 8, bands: [2, 1], clip: 10 },
    experiment: { wandb: { enabled: true } },
    logging: { log_every_n_steps: 1 },
  };
  expect(differingFields(stored, given, RESULT_NEUTRAL_FIELDS)).toEqual([
    { field: 'data.bands', stored: [1, 2], given: [2, 1] },
    { field: 'data.clip', stored: undefined, given: 10 },
    { field: 'data.stride', stored: 10, given: '10' },
    { field: 'training.scheduler.warmup_ratio', stored: 0.03, given: 0.1 },
  ]);
  expect(differingFields(stored, stored, [])).toEqual([]);
});

test.each(['- a\n', 'data: [', 'x: *y', ''])('%j is refused as a record of a configuration', (text) => {
  expect(() => parseConfigText(text, 'RUN/config.yaml')).toThrow(InputError);
  expect(() => parseConfigText(text, 'RUN/config.yaml')).toThrow(/^RUN\/config.yaml /);
});

test('origins read back from the comments, of lists and maps too', () => {
  const origins = {
    'data.window_size': 'my # train.yaml:7',
    'data.labels': '--set',
    'data.max_hours': 'default',
    'model.encoder.channels': 'train.yaml:20',
    'training.early_stopping': 'from data.window_size',
  };
  const values = {
    data: { window_size: 60, labels: { artf: 'background' }, max_hours: null, text: 'not # an origin' },
    model: { encoder: { channels: [64, 128] } },
    training: { early_stopping: null },
  };
  expect(parseOrigins(configText({ values, origins }))).toEqual(origins);
});

test('two hashes: of what decides the result, and of the rest', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const values = { logging: { log_every_n_steps: 1 }, data: { stride: 10, num_workers: 4, labels: {} } };
  expect(configHashes(values)).toEqual({
    result_sha256: sha256('{"data.stride":10}'),
    rest_sha256: sha256('{"data.num_workers":4,"logging.log_every_n_steps":1}'),
  });
});
