import { expect, test } from 'vitest';
import { type Tensor, tensor } from '../torch/index.ts';
import { type Loss, lossOf, positiveShare } from './loss.ts';
import { reference } from './testing/reference.ts';

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

test.each(reference.focal)(
  'focal with alpha $alpha, gamma $gamma, weight $positive_weight is PyTorch’s',
  (row) => {
    const z = tensor([row.logits]).withGrad();
    const loss: Loss = {
      kind: 'focal',
      alpha: row.alpha,
      gamma: row.gamma,
      positiveWeight: row.positive_weight,
    };
    const value = lossOf(loss, z, tensor([row.targets], { dtype: 'uint8' }));
    expect(value.item() / row.loss).toBeCloseTo(1, 5);
    value.backward();
    const largest = Math.max(...row.gradient.map(Math.abs));
    z.grad!.toArray().forEach((gradient, i) => {
      expect(Math.abs(gradient - row.gradient[i]!) / largest).toBeLessThan(2e-6);
    });
  },
);

// Wholly right: loss and gradient 0. Wholly wrong: (1 - p)^gamma is 1, so the loss is the logit's size and the gradient 1,
// times the weight of the class.
const EXTREMES: [Loss, number, number][] = [
  [{ kind: 'bce', positiveWeight: 1 }, 1, 1],
  [{ kind: 'bce', positiveWeight: 4 }, 4, 1],
  ...[0, 0.1, 0.5, 1, 2, 5, 50].map((gamma): [Loss, number, number] => [
    { kind: 'focal', alpha: 0.5, gamma, positiveWeight: 3 },
    1.5,
    0.5,
  ]),
  [{ kind: 'focal', alpha: 0.75, gamma: 2, positiveWeight: 1 }, 0.75, 0.25],
];
test.each(EXTREMES)('F7: %o is exact at logits of ±1e4', (loss, seizure, background) => {
  const z = tensor([[1e4, -1e4, 1e4, -1e4]]).withGrad();
  const value = lossOf(loss, z, tensor([[1, 1, 0, 0]], { dtype: 'uint8' }));
  expect(value.item()).toBe((1e4 * (seizure + background)) / 4);
  value.backward();
  expect(z.grad!.toArray().map((gradient) => gradient + 0)).toEqual([0, -seizure / 4, background / 4, 0]);
});
