import { expect, test } from 'vitest';
import { describeComputing, precisionOf } from './numerics.ts';

const mixed = { mixed_precision: true };

test('bfloat16 on GPUs of compute capability 8.0 and newer, where it is wanted', () => {
  expect(precisionOf('cuda', mixed, 80)).toBe('bfloat16');
  expect(precisionOf('cuda', mixed, 90)).toBe('bfloat16');
  expect(precisionOf('cuda', mixed, null)).toBe('bfloat16');
  expect(precisionOf('cuda', { mixed_precision: false }, 90)).toBeNull();
});

test('float32 below 8.0, with a notice, and on the CPU', () => {
  expect(precisionOf('cuda', mixed, 75)).toBeNull();
  expect(describeComputing('cuda', null, mixed).join()).toContain('compute capability below 8.0');
  expect(describeComputing('cuda', 'bfloat16', mixed).join()).not.toContain('below 8.0');
  expect(precisionOf('cpu', mixed)).toBeNull();
  expect(describeComputing('cpu', null, mixed)).toEqual([]);
});
