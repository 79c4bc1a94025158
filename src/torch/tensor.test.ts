import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  aten,
  cat,
  type Dtype,
  fromTypedArray,
  full,
  has,
  liveTensors,
  operator,
  scope,
  stack,
  TorchError,
  tensor,
  zeros,
} from './index.ts';

test('values, shape and dtype survive the way in and out', () => {
  using t = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(t.shape).toEqual([2, 3]);
  expect(t.dtype).toBe('float32');
  expect(t.device).toBe('cpu');
  expect(t.toArray()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(t.transpose(0, 1).toArray()).toEqual([1, 4, 2, 5, 3, 6]);
  expect(String(t)).toBe('Tensor(float32[2, 3])');
});

test('every dtype that holds small integers holds them', () => {
  const dtypes: Dtype[] = [
    'float32',
    'float64',
    'float16',
    'bfloat16',
    'int64',
    'int32',
    'int16',
    'int8',
    'uint8',
  ];
  for (const dtype of dtypes) expect(tensor([0, 1, 100], { dtype }).toArray()).toEqual([0, 1, 100]);
  expect(tensor([true, false], { dtype: 'bool' }).toArray()).toEqual([1, 0]);
});

test('arithmetic follows type promotion: a whole number keeps the dtype of the tensor', () => {
  expect(tensor([1, 2], { dtype: 'int64' }).add(1).dtype).toBe('int64');
  expect(tensor([1, 2], { dtype: 'int64' }).add(0.5).toArray()).toEqual([1.5, 2.5]);
  expect(
    tensor([1, 2])
      .mul(tensor([3, 4]))
      .toArray(),
  ).toEqual([3, 8]);
  expect(
    tensor([
      [1, 2],
      [3, 4],
    ])
      .matmul(tensor([[1], [1]]))
      .toArray(),
  ).toEqual([3, 7]);
  expect(1 / tensor([1]).mul(-0).item()).toBe(-Infinity);
});

test('operators take arguments by name, numbers for int[2], null for absent tensors', () => {
  const input = tensor([[[[1, 2, 3, 4]]]]);
  const weight = tensor([[[[1, 1]]]]);
  expect(aten.conv2d({ input, weight, bias: null, stride: [1, 2] }).toArray()).toEqual([3, 7]);
  expect(
    aten
      .max_pool2d({
        self: tensor([
          [
            [
              [1, 5],
              [2, 3],
            ],
          ],
        ]),
        kernel_size: 2,
      })
      .item(),
  ).toBe(5);
  expect(aten['max.dim']({ self: tensor([[1, 9, 3]]), dim: 1 }).map((t) => t.item())).toEqual([9, 1]);
  expect(stack([tensor([1]), tensor([2])]).shape).toEqual([2, 1]);
  expect(cat([tensor([1]), tensor([2])]).toArray()).toEqual([1, 2]);
  expect(full([2], 7, { dtype: 'int32' }).toArray()).toEqual([7, 7]);
});

test('a shared typed array and its tensor are one memory, without a copy either way', () => {
  const array = new Float32Array([1, 2, 3]);
  const shared = fromTypedArray(array, [3], { share: true });
  array[0] = 10;
  expect(shared.toArray()).toEqual([10, 2, 3]);
  shared.mul_(2);
  expect([...array]).toEqual([20, 4, 6]);
  const data = shared.data() as Float32Array;
  data[2] = -1;
  expect(array[2]).toBe(-1);
  expect([...fromTypedArray(array).add(0).data()]).toEqual([20, 4, -1]);
});

test('a tensor on a SharedArrayBuffer sees what another view writes', () => {
  const buffer = new SharedArrayBuffer(8);
  const seen = fromTypedArray(new Int16Array(buffer), [2, 2], { share: true });
  new Int16Array(buffer)[3] = 9;
  expect(seen.toArray()).toEqual([0, 0, 0, 9]);
});

test('the memory outlives the tensor it came from', () => {
  const data = scope(() => zeros([1000]).add(3).data());
  expect(data.every((value) => value === 3)).toBe(true);
});

test('property: data() of any view is its row-major elements', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (rows, columns) => {
      const values = Float64Array.from({ length: rows * columns }, (_, i) => i);
      const transposed = fromTypedArray(values, [rows, columns]).transpose(0, 1);
      const expected = Array.from(
        { length: rows * columns },
        (_, i) => (i % rows) * columns + Math.floor(i / rows),
      );
      expect(Array.from(transposed.data() as Float64Array)).toEqual(expected);
    }),
  );
});

test('scopes release what is made in them, except the result', () => {
  const before = liveTensors();
  const kept = scope(() => {
    const inner = scope(() => ({ parts: [tensor([1]).add(1), tensor([2])] }));
    return inner.parts[0]!.add(inner.parts[1]!);
  });
  expect(liveTensors()).toBe(before + 1);
  expect(kept.item()).toBe(4);
  kept.dispose();
  expect(liveTensors()).toBe(before);
});

test('a scope releases when its body throws, and refuses an async body', () => {
  const before = liveTensors();
  expect(() =>
    scope(() => {
      tensor([1]);
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(() => scope(async () => tensor([1]))).toThrow(/synchronous/);
  expect(liveTensors()).toBe(before);
});

test('a released tensor says so', () => {
  const t = tensor([1]);
  t.dispose();
  expect(t.isReleased).toBe(true);
  expect(() => t.add(1)).toThrow(/released/);
  expect(() => t.shape).toThrow(/released/);
});

test('an error names the operator, the tensors and libtorch’s reason', () => {
  const attempt = () => tensor([[1, 2]]).matmul(tensor([[1, 2, 3]]));
  expect(attempt).toThrow(TorchError);
  try {
    attempt();
  } catch (error) {
    const torchError = error as TorchError;
    expect(torchError.operator).toBe('aten::matmul');
    expect(torchError.tensors).toEqual(['self float32[1, 2]', 'other float32[1, 3]']);
    expect(torchError.message).toMatch(
      /^aten::matmul: mat1 and mat2 shapes cannot be multiplied.*\(self float32\[1, 2\], other float32\[1, 3\]\)$/,
    );
  }
});

test('wrong arguments are refused by name', () => {
  const call = operator('aten::flip');
  expect(() => call({ self: tensor([1]), dims: 'x' })).toThrow(/argument dims: expected an array, found 'x'/);
  expect(() => call({ self: tensor([1]), dims: [0.5] })).toThrow(
    /argument dims: expected an integer, found 0.5/,
  );
  expect(() => call({ self: tensor([1]) })).toThrow(/argument dims is missing/);
  expect(() => call({ self: 3, dims: [0] })).toThrow(/argument self: expected a Tensor, found 3/);
  expect(() => call({ self: {}, dims: [0] })).toThrow(/argument self: expected a Tensor/);
  expect(() => call({ self: tensor([1]), dims: [0], dim: 1 })).toThrow(
    /no argument 'dim'; the schema is aten::flip/,
  );
  expect(() => operator('aten::does_not_exist')).toThrow(/has no operator aten::does_not_exist/);
  expect(has('aten::conv2d')).toBe(true);
  expect(has('aten::does_not_exist')).toBe(false);
  expect(() => tensor([[1], [2, 3]])).toThrow(/ragged array: expected 1 at depth 1, found 2 values/);
  expect(() => fromTypedArray(new Float32Array(3), [2])).toThrow(/asks for 8 bytes, the array has 12/);
});
