import { expect, test } from 'vitest';
import { type Tensor, tensor } from '../torch/index.ts';
import { Pinning } from './pinning.ts';

test('a refused allocation is told once, and memory is then taken as it is', () => {
  const said: string[] = [];
  let asked = 0;
  const refuse = (): Tensor => {
    asked++;
    throw new Error('CUDA error: out of memory\nat cudaHostAlloc');
  };
  const pinning = new Pinning(true, (sentence) => said.push(sentence), refuse);
  using batch = tensor([1, 2, 3]);
  expect([pinning.pinned(batch), pinning.pinned(batch)]).toEqual([null, null]);
  expect(asked).toBe(1);
  expect(said).toEqual([
    expect.stringMatching(/^data\.pin_memory: .*\(CUDA error: out of memory\); batches are copied/),
  ]);
});

test('what is pinned is used; without pin_memory nothing is asked', () => {
  using batch = tensor([1]);
  expect(new Pinning(true, undefined, (asked) => asked).pinned(batch)).toBe(batch);
  const never = () => {
    throw new Error('asked');
  };
  expect(new Pinning(false, undefined, never).pinned(batch)).toBeNull();
});
