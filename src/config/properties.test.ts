import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveConfig } from './load.ts';
import { originText } from './origin.ts';
import { ConfigError } from './problem.ts';
import { resolvedYaml } from './resolved-yaml.ts';
import { leavesOf, valueAt } from './tree.ts';

const SAMPLE = readFileSync(new URL('./fixtures/local-train.yaml', import.meta.url), 'utf8');

/** Text that YAML could take for something else. */
const awkwardText = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom(
    'null',
    'true',
    '~',
    '3e-4',
    '0x10',
    '# a',
    'a: b',
    '- a',
    "it's",
    ' a ',
    'a\nb',
    '&a',
    '!a',
    '10-20',
  ),
);

const statedConfig = fc.record(
  {
    data: fc.record(
      {
        data_dir: fc.option(awkwardText),
        cache_dir: awkwardText,
        validation_split: fc.double({ min: 0, max: 0.99, noNaN: true }),
        max_hours: fc.option(fc.double({ min: 1e-9, max: 1e9, noNaN: true })),
        residency: fc.constantFrom('auto', 'device', 'host', 'disk'),
      },
      { requiredKeys: [] },
    ),
    training: fc.record(
      {
        learning_rate: fc.double({ min: 1e-300, max: 1, noNaN: true }),
        pos_weight: fc.option(fc.oneof(fc.constant('auto'), fc.double({ min: 1e-3, max: 1e3, noNaN: true }))),
        early_stopping: fc.option(
          fc.record({
            patience: fc.integer({ min: 1, max: 99 }),
            metric: fc.constantFrom('sensitivity_at_2.5fa', 'auroc', 'loss'),
          }),
        ),
        augmentation: fc.record({
          gain: fc.constantFrom(null, [0.3, 3]),
          polarity: fc.boolean(),
          channel_dropout: fc.constantFrom(0, 0.2),
          channel_shuffle: fc.boolean(),
        }),
      },
      { requiredKeys: [] },
    ),
    evaluation: fc.record({
      fa_rates: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { maxLength: 30 }),
    }),
    experiment: fc.record({ description: awkwardText, seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  },
  { requiredKeys: [] },
);

test('the resolved YAML loads back to the same configuration, origins pointing at its own lines', () => {
  fc.assert(
    fc.property(statedConfig, awkwardText, (stated, path) => {
      let first: ReturnType<typeof resolveConfig>;
      try {
        first = resolveConfig(JSON.stringify(stated), path);
      } catch (error) {
        // A text that looks like an address with a password.
        expect((error as Error).message).toContain('expected an address without a password');
        return;
      }
      const yaml = resolvedYaml(first.config, first.origins);
      const second = resolveConfig(yaml, 'config.yaml');
      expect(second.config).toEqual(first.config);
      expect([...second.origins.values()].every(({ kind }) => kind === 'file')).toBe(true);
      for (const [field, value] of Object.entries(stated.experiment ?? {}))
        expect(valueAt(second.config, `experiment.${field}`)).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

test('every value of the resolved YAML is followed by its origin', () => {
  const { config, origins } = resolveConfig('data:\n  window_size: 30\n', 'x.yaml', {
    set: ['training.epochs=3'],
  });
  const yaml = resolvedYaml(config, origins);
  expect(yaml).toContain('  window_size: 30 # x.yaml:2\n');
  expect(yaml).toContain('  epochs: 3 # --set\n');
  expect(yaml).toContain('    window_size: 7680 # from data.window_size\n');
  expect(yaml).toContain('  bandpass: [0.5, 120] # default\n');
  expect(yaml.match(/ # \S/g)).toHaveLength(leavesOf(config).length);
  expect([...origins.keys()]).toEqual(leavesOf(config).map(([field]) => field));
  expect(originText({ kind: 'set' })).toBe('--set');
});

function parses(text: string): void {
  try {
    resolveConfig(text, 'x.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.length).toBeGreaterThan(0);
  }
}

test('any text loads or is a ConfigError', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), parses), { numRuns: 500 });
});

test('any damage to a real file loads or is a ConfigError', () => {
  const damage = fc.record({
    at: fc.nat(SAMPLE.length),
    length: fc.nat(40),
    by: fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        '\t',
        '\n',
        '- ',
        '{',
        '[',
        ': ',
        '&a ',
        '*a',
        '!!',
        '"',
        '%YAML 1.1\n',
        '---\n',
        '<<: ',
        '? ',
      ),
    ),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      let text = SAMPLE;
      for (const { at, length, by } of damages) text = text.slice(0, at) + by + text.slice(at + length);
      parses(text);
    }),
    { numRuns: 500 },
  );
});

test('any value anywhere loads or is a ConfigError', () => {
  const fields = leavesOf(resolveConfig('{}', 'x.yaml').config).map(([field]) => field);
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 }), (field, value) => {
      try {
        resolveConfig('{}', 'x.yaml', { set: [`${field}=${JSON.stringify(value)}`] });
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
    { numRuns: 500 },
  );
});
