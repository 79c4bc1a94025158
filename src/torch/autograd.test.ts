import { expect, test } from 'vitest';
import {
  autocast,
  autocastDtype,
  enableGrad,
  fromTypedArray,
  gradients,
  isGradEnabled,
  liveTensors,
  noGrad,
  own,
  scope,
  type Tensor,
  tensor,
} from './index.ts';

test('backward accumulates the derivative into the leaves', () => {
  const weight = tensor([
    [1, 2],
    [3, 4],
  ]).withGrad();
  const loss = scope(() =>
    weight
      .matmul(tensor([[1], [1]]))
      .pow(2)
      .sum(),
  );
  loss.backward();
  // d/dw_ij (w_i1 + w_i2)^2 = 2 (w_i1 + w_i2): rows 3 and 7
  expect(weight.grad?.toArray()).toEqual([6, 6, 14, 14]);
  expect(() => loss.backward()).toThrow(/backward/);
});

test('gradients() leaves .grad alone and gives null for what has no part', () => {
  const x = tensor([3]).withGrad();
  const unused = tensor([1]).withGrad();
  const [dx, none] = gradients([x.pow(3).sum()], [x, unused], { createGraph: true });
  expect(dx?.item()).toBe(27);
  expect(none).toBeNull();
  expect(x.grad).toBeNull();
  expect(gradients([dx!], [x])[0]?.item()).toBe(18);
});

test('grad mode nests and is restored when the body throws', () => {
  const weight = tensor([1]).withGrad();
  expect(noGrad(() => weight.mul(2).requiresGrad)).toBe(false);
  expect(noGrad(() => enableGrad(() => weight.mul(2).requiresGrad))).toBe(true);
  expect(() =>
    noGrad(() => {
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(isGradEnabled()).toBe(true);
});

test('autocast gives products its dtype and losses float32, then ends', () => {
  const a = tensor([[1, 2]]);
  const logits = tensor([0.5], { dtype: 'bfloat16' });
  const targets = tensor([1], { dtype: 'bfloat16' });
  autocast({ device: 'cpu', dtype: 'bfloat16' }, () => {
    expect(autocastDtype('cpu')).toBe('bfloat16');
    expect(a.matmul(a.transpose(0, 1)).dtype).toBe('bfloat16');
    expect(own.focal_loss({ logits, targets, alpha: 0.5, gamma: 2 }).dtype).toBe('float32');
  });
  expect(autocastDtype('cpu')).toBeNull();
  expect(a.matmul(a.transpose(0, 1)).dtype).toBe('float32');
});

// Lin et al. 2017, equation 5, in float64 with JavaScript's own functions.
function focal(z: number, t: number, alpha: number, gamma: number): number {
  const p = 1 / (1 + Math.exp(-z));
  const positive = -((1 - p) ** gamma) * Math.log(p);
  const negative = -(p ** gamma) * Math.log(1 - p);
  return t * alpha * positive + (1 - t) * (1 - alpha) * negative;
}

test('focal loss is the paper’s formula and its gradient the central difference', () => {
  const z = [-6, -1.5, -0.1, 0, 0.3, 2, 7];
  const t = [0, 1, 1, 0, 0.25, 1, 0];
  for (const gamma of [0, 1, 2, 3.5])
    for (const alpha of [0.25, 0.5, 0.9]) {
      const logits = tensor(z, { dtype: 'float64' }).withGrad();
      const loss = own.focal_loss({ logits, targets: tensor(t, { dtype: 'float64' }), alpha, gamma });
      loss.toArray().forEach((value, i) => {
        expect(value).toBeCloseTo(focal(z[i]!, t[i]!, alpha, gamma), 12);
      });
      loss.sum().backward();
      const step = 1e-6;
      logits.grad!.toArray().forEach((value, i) => {
        const difference =
          focal(z[i]! + step, t[i]!, alpha, gamma) - focal(z[i]! - step, t[i]!, alpha, gamma);
        expect(value).toBeCloseTo(difference / (2 * step), 7);
      });
    }
});

test('focal loss and its gradient are exact at logits of ±1e4', () => {
  const logits = tensor([1e4, -1e4, 1e4, -1e4]).withGrad();
  const loss = own.focal_loss({ logits, targets: tensor([0, 1, 1, 0]), alpha: 0.5, gamma: 2 });
  // Wholly wrong: 0.5 * 1e4; wholly right: 0.
  expect(loss.toArray()).toEqual([5000, 5000, 0, 0]);
  loss.sum().backward();
  expect(logits.grad!.toArray().map(Math.abs)).toEqual([0.5, 0.5, 0, 0]);
  expect(Math.sign(logits.grad!.toArray()[1]!)).toBe(-1);
});

test('focal loss is twice differentiable', () => {
  const logits = tensor([0.7, -1.2], { dtype: 'float64' }).withGrad();
  const slope = (at: Tensor) => {
    const loss = own.focal_loss({
      logits: at,
      targets: tensor([1, 0], { dtype: 'float64' }),
      alpha: 0.4,
      gamma: 2,
    });
    return gradients([loss.sum()], [at], { createGraph: true })[0]!;
  };
  const second = gradients([slope(logits).sum()], [logits])[0]!.toArray();
  const shifted = (by: number) =>
    slope(tensor([0.7 + by, -1.2 + by], { dtype: 'float64' }).withGrad()).toArray();
  const [above, below] = [shifted(1e-6), shifted(-1e-6)];
  second.forEach((value, i) => {
    expect(value).toBeCloseTo((above[i]! - below[i]!) / 2e-6, 7);
  });
});

test('thousands of training steps leave memory flat', () => {
  const weight = fromTypedArray(new Float32Array(256 * 256).fill(0.01), [256, 256]).withGrad();
  const input = fromTypedArray(new Float32Array(64 * 256).fill(1), [64, 256]);
  const step = () =>
    scope(() => {
      input.matmul(weight).relu().pow(2).mean().backward();
      noGrad(() => weight.add_(weight.grad!, { alpha: -1e-3 }));
      weight.grad = null;
    });
  for (let i = 0; i < 300; i++) step();
  const live = liveTensors();
  const resident = process.memoryUsage.rss();
  for (let i = 0; i < 3000; i++) step();
  expect(liveTensors()).toBe(live);
  // A leak of one activation (64 KiB) a step would be 190 MB.
  expect(process.memoryUsage.rss() - resident).toBeLessThan(40e6);
});

test('forgotten tensors are collected, since V8 is told of their memory', () => {
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 1000; i++) fromTypedArray(new Float32Array(1), [1]).expand(1_000_000).contiguous();
  // 4 GB were made.
  expect(process.memoryUsage.rss() - before).toBeLessThan(1.5e9);
});
