/**
 * Memory of a training step against what `bgb model` says of it: one forward and backward pass at two batch sizes, each in a
 * process of its own, since a GPU's allocator keeps what it once had.
 *
 *     bash scripts/with-node.sh bench/training-memory.ts [cpu|cuda] [few] [many]
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../src/config/index.ts';
import { createModel } from '../src/model/index.ts';
import {
  arange,
  autocast,
  freeMemory,
  hostTensorMemory,
  scope,
  synchronize,
  zeros,
} from '../src/torch/index.ts';
import { planMemory } from '../src/train/index.ts';

const [device = 'cpu', few = '1', many = '3', only] = process.argv.slice(2) as ['cpu' | 'cuda', ...string[]];
const config = configSchema.parse({});
const plan = planMemory(config, device, 0);
const { channels, samples: length } = plan.window;

/** Bytes that a step of this batch takes at most, beside what was there before. */
function step(batch: number): number {
  const model = createModel(config.model, { channels, seed: 1 }).to({ device });
  const signal = zeros([batch, length, channels], { device });
  const samples = arange(batch, { device });
  const before = freeMemory(device) ?? hostTensorMemory({ isMarking: true }).inUse;
  scope(() => {
    const forward = () => model.forward(signal, { isTraining: true, seed: 1, step: 0, samples });
    const logits = device === 'cuda' ? autocast({ device, dtype: 'bfloat16' }, forward) : forward();
    logits.to({ dtype: 'float32' }).mean().backward();
  });
  synchronize(device);
  const after = freeMemory(device);
  return after === null ? hostTensorMemory().peak - before : before - after;
}

if (only !== undefined) console.log(step(Number(only)));
else {
  const run = (batch: string) =>
    Number(
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), device, few, many, batch], {
        encoding: 'utf8',
      }),
    );
  const perWindow = (run(many) - run(few)) / (Number(many) - Number(few));
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const said = plan.memory.windowBytes;
  console.log(
    `${device}, ${plan.precision}, batches of ${few} and ${many}: ${mib(perWindow)} a window; bgb model says ${mib(said)} (${(said / perWindow).toFixed(2)} of it)`,
  );
}
