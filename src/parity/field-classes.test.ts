import { expect, test } from 'vitest';
import { configSchema, FIELDS, leavesOf, resolveConfig } from '../config/index.ts';
import { RESULT_NEUTRAL_FIELDS } from '../runs/index.ts';
import { FIELD_CLASSES, judge } from './field-classes.ts';

const defaults = configSchema.parse({});

test('every field of the schema has a class, and nothing else has', () => {
  const fields = leavesOf(resolveConfig('{}', 'x.yaml').config).map(([field]) => field);
  expect(Object.keys(FIELD_CLASSES).sort()).toEqual(fields.toSorted());
});

test('what a resumed run may change is never called another training', () => {
  const neutral = Object.keys(FIELD_CLASSES).filter((field) =>
    RESULT_NEUTRAL_FIELDS.some((name) => field === name || field.startsWith(`${name}.`)),
  );
  expect(neutral.length).toBeGreaterThan(20);
  for (const field of neutral)
    expect([field, judge(field, defaults, defaults).kind]).not.toContain('must_equal');
});

test('what bgb ignores changes nothing', () => {
  const ignored = Object.entries(FIELDS).filter(([, use]) => 'ignored' in use);
  for (const [field] of ignored)
    expect([field, judge(field, defaults, defaults).kind]).toEqual([field, 'free']);
});

test('a section that is null as a whole is judged by its fields; an unknown field must be equal', () => {
  expect(judge('training.early_stopping', defaults, defaults).kind).toBe('must_equal');
  expect(judge('training.novelty', defaults, defaults).kind).toBe('must_equal');
});

test('a learning rate has to be equal unless it follows the batch', () => {
  const withBatch = (batch_size: number, learning_rate: number) =>
    configSchema.parse({ training: { batch_size, learning_rate } });
  const rate = (b: ReturnType<typeof withBatch>) =>
    judge('training.learning_rate', withBatch(8, 3e-4), b).kind;
  expect(rate(withBatch(8, 6e-4))).toBe('must_equal');
  expect(rate(withBatch(64, 3e-4 * Math.sqrt(8)))).toBe('may_differ');
  expect(rate(withBatch(64, 3e-4 * 8))).toBe('may_differ');
  expect(rate(withBatch(64, 3e-4 * 4))).toBe('must_equal');
});

test('the consequence of a batch says steps, learning rate and batch norm', () => {
  const of = (batch_size: number, gradient_accumulation_steps: number) =>
    configSchema.parse({ training: { batch_size, gradient_accumulation_steps } });
  const judged = judge('training.batch_size', of(8, 1), of(32, 1));
  // Four times the windows a step; AdamW's rate by the square root: 3e-4 * 2.
  expect(judged).toMatchObject({
    kind: 'may_differ',
    consequence: expect.stringMatching(
      /8 windows in A and 32 in B: B makes 4 times fewer steps .* would be 0\.0006 .* over 8 windows in A and 32 in B: noisier in A/,
    ),
  });
  const accumulated = judge('training.gradient_accumulation_steps', of(8, 4), of(32, 1));
  expect(accumulated).toMatchObject({
    consequence: expect.stringMatching(/takes 32 windows in both.*noisier in A/),
  });
});

test('precision differs only where it is computed with', () => {
  const of = (device: string, mixed_precision: boolean) =>
    configSchema.parse({ experiment: { device }, training: { mixed_precision } });
  const kind = (a: ReturnType<typeof of>, b: typeof a) => judge('training.mixed_precision', a, b).kind;
  expect(kind(of('cuda', true), of('cuda', false))).toBe('may_differ');
  expect(kind(of('cpu', true), of('cpu', false))).toBe('free');
  expect(judge('experiment.device', of('cpu', false), of('cuda', false)).kind).toBe('free');
  expect(judge('experiment.device', of('cpu', true), of('cuda', true)).kind).toBe('may_differ');
});
