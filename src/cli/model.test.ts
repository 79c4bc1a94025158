import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isCudaAvailable } from '../torch/index.ts';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const written = catchWrites();
const config = (name: string) => fileURLToPath(new URL(`../../configs/${name}.yaml`, import.meta.url));

test('layers, totals and the batch that fits, as text', async () => {
  expect(await runProgram(['model', config('local/train'), '--device', 'cpu'])).toBe(0);
  expect(written.output).toMatch(
    /^encoder\.input_conv +conv k7, batch norm, ReLU +64 x 15360 +8,704 +261\.5 +7\.5 MiB$/m,
  );
  expect(written.output).toMatch(/^ {2}32,606,439 parameters$/m);
  expect(written.output).toMatch(/of free memory \(the CPU computes\) a batch of \d+ fits/);
});

test.skipIf(isCudaAvailable())(
  'a configuration for a GPU that is not here is shown as it would be there; --device cuda is refused',
  async () => {
    written.output = '';
    expect(await runProgram(['model', config('modal/train_a100'), '--json'])).toBe(0);
    const document = JSON.parse(written.output);
    expect(document).toMatchObject({
      device: 'cuda',
      precision: 'bfloat16',
      free_bytes: null,
      fitting_batch_size: null,
      window: { channels: 19, samples: 15_360 },
      parameters: 32_606_439,
    });
    expect(document.layers).toHaveLength(1 + 4 * 3 + 3 * 4 + 6 * 3 + 4 * 3 + 2);
    const sum = (of: string) =>
      document.layers.reduce((total: number, layer: Record<string, number>) => total + layer[of]!, 0);
    expect(sum('flops')).toBe(document.flops_per_window);
    expect(await runProgram(['model', config('modal/train_a100'), '--device', 'cuda'])).toBe(2);
    expect(written.errors).toMatch(/expected a machine with CUDA, found none/);
  },
);

test('sizes that do not fit each other are refused by name', async () => {
  const refuse = async (set: string, message: RegExp) => {
    written.errors = '';
    expect(await runProgram(['model', config('local/train'), '--set', set])).toBe(2);
    expect(written.errors).toMatch(message);
  };
  await refuse('data.window_size=59.99', /whole number of samples|total stride, 2\^4 = 16 samples/);
  await refuse('data.window_size=2.5390625', /total stride, 2\^4 = 16 samples, found 650/);
  await refuse('model.rescnn.kernel_sizes=[3,4]', /odd number/);
  await refuse('model.mamba.head_dim=48', /divisor of expand \* d_model = 1024/);
  await refuse('model.decoder.kernel_size=3', /transposed convolution/);
});
