import { expect, test } from 'vitest';
import { empty } from '../torch/index.ts';
import { isMemoryShortage, outOfMemory } from './memory-shortage.ts';

test('libtorch’s own refusal of memory is known, other errors are not', () => {
  let refusal: unknown;
  try {
    empty([2 ** 50]);
  } catch (error) {
    refusal = error;
  }
  expect(isMemoryShortage(refusal)).toBe(true);
  // As CUDA's allocator words it.
  expect(isMemoryShortage(new Error('CUDA out of memory. Tried to allocate 2.00 GiB'))).toBe(true);
  expect(isMemoryShortage(new Error('The size of tensor a (3) must match'))).toBe(false);
  expect(isMemoryShortage('out of memory')).toBe(false);
});

test.each([
  [
    16,
    'A batch of 16 would fit: set training.batch_size to 16 and training.gradient_accumulation_steps to 4 times',
  ],
  [
    48,
    'A batch of 48 would fit: set training.batch_size to 48, with more training.gradient_accumulation_steps',
  ],
  [0, 'Not even one window would fit'],
  [70, '70 would fit if the device were free'],
  [null, 'Lower training.batch_size'],
])('where %o windows would fit it says what to set', (fitting, advice) => {
  const cause = new Error('CUDA out of memory. Tried to allocate 2.00 GiB\nException raised from malloc');
  const error = outOfMemory(cause, { during: 'training', batchSize: 64, fitting });
  expect(error.code).toBe('TRAIN_MEMORY');
  expect(error.message).toContain(advice);
  expect(error.message).toContain('The memory does not suffice (training, batches of 64 windows).');
  expect(error.message).toMatch(/libtorch says: CUDA out of memory\. Tried to allocate 2\.00 GiB$/);
});
