import { expect, test } from 'vitest';
import { type Tensor, tensor } from '../torch/index.ts';
import { lossOf, positiveShare } from './loss.ts';

const logits = () => tensor([[0.5, -1, 2, 9]]).withGrad();
const labels = tensor([[1, 0, 0, 2]], { dtype: 'uint8' });
const log1pexp = (x: number) => Math.log1p(Math.exp(x));

test('cross-entropy is the mean over samples that are not excluded', () => {
  const loss = lossOf({ kind: 'bce', positiveWeight: 1 }, logits(), labels);
  expect(loss.item()).toBeCloseTo((log1pexp(-0.5) + log1pexp(-1) + log1pexp(2)) / 3, 6);
});

test('a positive weight multiplies seizure samples', () => {
  const loss = lossOf({ kind: 'bce', positiveWeight: 3 }, logits(), labels);
  expect(loss.item()).toBeCloseTo((3 * log1pexp(-0.5) + log1pexp(-1) + log1pexp(2)) / 3, 6);
});

test('an excluded sample has no gradient; all excluded is a loss of 0', () => {
  const z = logits();
  lossOf({ kind: 'focal', alpha: 0.5, gamma: 2, positiveWeight: 1 }, z, labels).backward();
  expect(z.grad!.toArray()[3]).toBe(0);
  const none = tensor([[2, 2, 2, 2]], { dtype: 'uint8' });
  expect(lossOf({ kind: 'bce', positiveWeight: 1 }, logits(), none).item()).toBe(0);
});

test('alpha under 0.5 weakens the gradient of seizures against background (failures E2)', () => {
  const gradientAt = (alpha: number): [number, number] => {
    const z: Tensor = tensor([[0, 0]]).withGrad();
    const target = tensor([[1, 0]], { dtype: 'uint8' });
    lossOf({ kind: 'focal', alpha, gamma: 2, positiveWeight: 1 }, z, target).backward();
    const [seizure, background] = z.grad!.toArray();
    return [Math.abs(seizure!), Math.abs(background!)];
  };
  const [even, evenBackground] = gradientAt(0.5);
  expect(even).toBeCloseTo(evenBackground, 7);
  const [weak, strong] = gradientAt(0.25);
  expect(strong / weak).toBeCloseTo(3, 5);
});

test('the positive share counts neither excluded samples nor background', () => {
  expect(positiveShare(labels).item()).toBeCloseTo(1 / 3, 6);
});
