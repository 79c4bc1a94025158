import { expect, test } from 'vitest';
import { futureUses } from './future.ts';

test('what uses the future is named', () => {
  expect(futureUses({ resample: 'polyphase', filter: 'causal', normalize: 'running' })).toEqual([]);
  expect(futureUses({ resample: 'polyphase', filter: 'causal', normalize: 'none' })).toEqual([]);
  expect(futureUses({ resample: 'polyphase', filter: 'causal', normalize: 'recording' })).toEqual([
    'normalize: recording',
  ]);
  expect(futureUses({ resample: 'fft', filter: 'zero_phase', normalize: 'robust' })).toEqual([
    'resample: fft',
    'filter: zero_phase',
    'normalize: robust',
  ]);
});
