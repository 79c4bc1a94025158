import { expect, test } from 'vitest';
import { formatSchema, parseSchema } from '../src/torch/schema.ts';
import { intersect, typeOf, usedNames } from './generate-operators.ts';

test('what two versions share is what can be called on both', () => {
  const older = parseSchema('aten::a(Tensor self, int dim, bool old=False) -> Tensor');
  const newer = parseSchema('aten::a(Tensor(a) self, SymInt dim=0, *, bool added=True) -> Tensor(a)');
  expect(formatSchema(intersect(older, newer)!)).toBe('aten::a(Tensor self, int dim) -> (Tensor)');
  expect(intersect(older, parseSchema('aten::a(Tensor self, int dim, int needed) -> Tensor'))).toBeNull();
  expect(intersect(older, parseSchema('aten::a(Tensor self, float dim) -> Tensor'))).toBeNull();
});

test('types: lists, options, one number for int[2], and what the bridge cannot pass', () => {
  expect(typeOf('Tensor?[]')).toBe('readonly (Tensor | null)[]');
  expect(typeOf('int[2]')).toBe('number | readonly number[]');
  expect(typeOf('int[]?')).toBe('readonly number[] | null');
  expect(typeOf('Generator?')).toBeNull();
});

test('operators in use are found in both notations', () => {
  expect([...usedNames("aten.relu({}); aten['add.Tensor']({}); maten.x")]).toEqual([
    'aten::relu',
    'aten::add.Tensor',
  ]);
});
