/**
 * Time and memory of the full detector's training step and inference on this machine's GPU (or CPU), on random data,
 * beside the floor that its arithmetic and its memory traffic set.
 *
 *     bash scripts/with-node.sh bench/train-step.ts [--batch 64] [--seconds 60] [--steps 50] [--warmup 10]
 *         [--threads 2] [--plain] [--no-graph] [--without-mamba] [--float32] [--deterministic] [--profile training|inference] [--json]
 *
 * bench/train_step_pytorch.py measures the same model in PyTorch. `--plain` takes ATen operators alone.
 */
import { parseArgs } from 'node:util';
import { configSchema } from '../src/config/index.ts';
import { createModel } from '../src/model/index.ts';
import {
  arange,
  aten,
  autocast,
  CudaGraph,
  cudaMemory,
  type Dtype,
  hasGraphs,
  isCudaAvailable,
  kernelsMissing,
  libraryInfo,
  manualSeed,
  noGrad,
  profiled,
  resetCudaPeak,
  scope,
  setDeterministic,
  setTf32,
  setThreads,
  synchronize,
  threads,
  useOwnStream,
  withoutKernels,
} from '../src/torch/index.ts';
import { AdamW } from '../src/train/adamw.ts';
import { flatten } from '../src/train/flat-parameters.ts';
import { GraphedStep } from '../src/train/graphed-step.ts';
import { MetricRing } from '../src/train/metric-ring.ts';
import type { Batch, StepParts } from '../src/train/step.ts';
import { floorOf } from './testing/detector-cost.ts';

const { values: options } = parseArgs({
  options: {
    batch: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '60' },
    steps: { type: 'string', default: '50' },
    warmup: { type: 'string', default: '10' },
    /** On the CPU. */
    threads: { type: 'string' },
    plain: { type: 'boolean', default: false },
    'no-graph': { type: 'boolean', default: false },
    'without-mamba': { type: 'boolean', default: false },
    float32: { type: 'boolean', default: false },
    deterministic: { type: 'boolean', default: false },
    /** One step, or one forward pass, between the marks of a profiler, as for `ncu --profile-from-start off`. */
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const device = isCudaAvailable() ? 'cuda' : 'cpu';
const size = { batch: Number(options.batch), length: Number(options.seconds) * 256, channels: 19 };
const precision: Dtype | null = options.float32 || device === 'cpu' ? null : 'bfloat16';
const steps = Number(options.steps);
const warmup = Number(options.warmup);
const config = configSchema.parse(
  options['without-mamba'] ? { model: { mamba: { n_layers: 0 } } } : {},
).model;
if (options.deterministic) process.env.CUBLAS_WORKSPACE_CONFIG ??= ':4096:8';
setDeterministic(options.deterministic);
setTf32(false);
if (options.threads) setThreads(Number(options.threads));
if (device === 'cuda') useOwnStream();

const model = createModel(config, { channels: size.channels, seed: 1 }).to({ device });
const parameters = flatten(model.parameters());
// The same numbers in every run: drawn on the CPU.
manualSeed(1);
const batch: Batch = {
  signal: scope(() => aten.randn({ size: [size.batch, size.length, size.channels] }).to({ device })),
  labels: scope(() =>
    aten['lt.Scalar']({ self: aten.rand({ size: [size.batch, size.length] }), other: 0.1 }).to({
      device,
      dtype: 'uint8',
    }),
  ),
  samples: arange(size.batch, { device }),
};
const parts: StepParts = {
  forward: ({ signal, samples }, step) => model.forward(signal, { isTraining: true, seed: 1, step, samples }),
  parameters,
  optimizer: new AdamW(parameters, { weightDecay: 0.01 }),
  loss: { kind: 'focal', alpha: 0.5, gamma: 2, positiveWeight: 1 },
  gradientClip: 1,
  precision,
  ring: new MetricRing(1024, device),
};

/** Milliseconds of each call, the device waited for. */
function timed(count: number, body: (index: number) => void): number[] {
  synchronize(device);
  return Array.from({ length: count }, (_, index) => {
    const start = performance.now();
    body(index);
    synchronize(device);
    return performance.now() - start;
  });
}

/** Milliseconds a call where the host runs ahead of the device, as training does. */
function timedTogether(count: number, body: (index: number) => void): number {
  synchronize(device);
  const start = performance.now();
  for (let index = 0; index < count; index++) body(index);
  synchronize(device);
  return (performance.now() - start) / count;
}

function profileAndExit(body: (index: number) => void): never {
  profiled(() => timed(1, body));
  process.exit(0);
}

const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

function measureTraining() {
  using step = new GraphedStep(parts, { isAllowed: !options['no-graph'] });
  let count = 0;
  const run = () => step.run([batch], count++, 1e-4);
  resetCudaPeak();
  const first = timed(warmup, run);
  if (options.profile === 'training') profileAndExit(run);
  const times = timed(steps, run);
  const result = {
    ms: median(times),
    fastest_ms: Math.min(...times),
    slowest_ms: Math.max(...times),
    streaming_ms: timedTogether(steps, run),
    first_ms: first[0]!,
    is_graph: step.isRecorded,
    memory: cudaMemory(),
  };
  parts.ring.send();
  const metrics = parts.ring.receive({ wait: true });
  return { ...result, first_loss: metrics[0]!.loss, last_loss: metrics.at(-1)!.loss };
}

function measureInference() {
  using fixed = model.fixed();
  const body = () =>
    scope(() => {
      const run = () => fixed.forward(batch.signal);
      noGrad(() => (precision === null ? run() : autocast({ device, dtype: precision }, run)));
    });
  resetCudaPeak();
  const plain = timed(warmup, body);
  if (options.profile === 'inference') profileAndExit(body);
  const times = timed(steps, body);
  const memory = cudaMemory();
  const result = { ms: median(times), first_ms: plain[0]!, memory };
  if (device === 'cpu' || options['no-graph'] || !hasGraphs()) return result;
  using graph = new CudaGraph(body);
  return { ...result, graph_ms: median(timed(steps, () => graph.replay())) };
}

function measure() {
  if (options.profile === 'inference') measureInference();
  const training = measureTraining();
  const inference = measureInference();
  return { training, inference };
}

const result = {
  libtorch: libraryInfo().version,
  device,
  precision: precision ?? 'float32',
  kernels: options.plain ? 'ATen alone' : (kernelsMissing() ?? 'own'),
  ...size,
  parameters: [...model.parameters().values()].reduce((sum, { elementCount }) => sum + elementCount, 0),
  floor: floorOf(config, size),
  ...(options.plain ? withoutKernels(measure) : measure()),
};

if (options.json) console.log(JSON.stringify(result));
else {
  const { training, inference, floor } = result;
  const gib = (bytes: number | undefined) =>
    bytes === undefined ? '-' : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  console.log(
    `${device}, libtorch ${result.libtorch}, ${result.precision}, ${device === 'cpu' ? `${threads()} threads` : `kernels: ${result.kernels}`}; ${size.batch} windows of ${options.seconds} s, ${result.parameters} parameters`,
  );
  console.log(
    `training step ${training.ms.toFixed(2)} ms (${training.fastest_ms.toFixed(2)} to ${training.slowest_ms.toFixed(2)}; ${training.streaming_ms.toFixed(2)} without waiting in between; first ${training.first_ms.toFixed(0)}), ${training.is_graph ? 'one graph' : 'no graph'}, peak ${gib(training.memory?.peak)}, reserved ${gib(training.memory?.reserved)}; loss ${training.first_loss.toFixed(5)} to ${training.last_loss.toFixed(5)}`,
  );
  console.log(
    `inference ${inference.ms.toFixed(2)} ms${'graph_ms' in inference ? `, as a graph ${inference.graph_ms.toFixed(2)}` : ''}, peak ${gib(inference.memory?.peak)}`,
  );
  console.log(
    `floor: ${floor.training.tflop.toFixed(2)} TFLOP and ${floor.training.gigabytes.toFixed(1)} GB a step, ${floor.training.ms.toFixed(1)} ms; inference ${floor.inference.tflop.toFixed(2)} TFLOP and ${floor.inference.gigabytes.toFixed(1)} GB, ${floor.inference.ms.toFixed(1)} ms (at ${floor.teraflops} TFLOP/s and ${floor.bandwidth} TB/s)`,
  );
}
