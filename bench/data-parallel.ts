/**
 * Several processes against one, on this machine's GPUs (or CPU):
 *
 *     bash scripts/with-node.sh bench/data-parallel.ts [--processes 2] [--batch 64] [--seconds 60] [--steps 30] [--small] [--json]
 *
 * 1. 50 float64 steps of a small detector in N processes beside one with the same whole batch: the largest relative
 *    difference of loss and gradient norm after 1, 10 and 50 steps, and whether the windows of each step are the same set.
 *    The same in float32, beside the band that rounding gives on this machine: one process with the windows of each batch
 *    in three other orders. Rounding grows from step to step, so the band is wide after 50.
 * 2. Weak scaling of the full detector, `--batch` windows a process, bf16 on CUDA: windows/s of one process, of N that
 *    train on their own, and of N together; and N together without summing gradients, without joint statistics.
 *
 * Started without a job it is the starter; each process of a measurement is this program with one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { configSchema, environmentOfProcess } from '../src/config/index.ts';
import { createModel } from '../src/model/index.ts';
import {
  arange,
  aten,
  type Device,
  isCudaAvailable,
  libraryInfo,
  openProcessGroup,
  type ProcessGroup,
  scope,
  setTf32,
  synchronize,
} from '../src/torch/index.ts';
import { TrainingPeers } from '../src/train/peers.ts';
import { type Batch, trainingStep } from '../src/train/step.ts';
import { stepParts } from '../src/train/step-parts.ts';
import { type JointResult, trainJointly } from '../src/train/testing/joint-process.ts';
import { trainable } from '../src/train/trainable.ts';

const { values: options } = parseArgs({
  options: {
    processes: { type: 'string', default: '2' },
    batch: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '60' },
    steps: { type: 'string', default: '30' },
    /** The full detector's shape with a tenth of its width, for a try on a CPU. */
    small: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    job: { type: 'string' },
  },
});

/** What a process of a measurement is told. */
interface Part {
  readonly rank: number;
  readonly size: number;
  readonly port: number;
  readonly kind: 'exact' | 'speed';
  readonly dtype: 'float64' | 'float32';
  /** Of the exact steps: by how many the windows of each batch are rotated. */
  readonly rotation?: number;
  /** What is summed: gradients, statistics. `alone`: a process group that nothing uses. */
  readonly joins: 'all' | 'no gradients' | 'no statistics' | 'alone';
}

const device: Device = isCudaAvailable() ? 'cuda' : 'cpu';
const processes = Number(options.processes);

if (options.job !== undefined) process.once('message', (part: Part) => runPart(part));
else await measure();

function runPart(part: Part): void {
  const answer = (result: unknown) => process.send!({ result }, () => process.exit(0));
  const onPort = (port: number) => process.send!({ port });
  if (part.kind === 'exact') {
    answer(trainJointly(part.size === 1 ? null : part, { ...part, onPort, device }));
    return;
  }
  using group = part.size === 1 ? null : openProcessGroup({ ...part, device, onPort });
  answer(timedSteps(group, part.joins));
}

/** Milliseconds a step of the full detector on random data. */
function timedSteps(group: ProcessGroup | null, joins: Part['joins']): number {
  setTf32(false);
  const size = { batch: Number(options.batch), length: Number(options.seconds) * 256, channels: 19 };
  const config = configSchema.parse(
    options.small
      ? {
          model: {
            encoder: { channels: [8, 16, 32, 48] },
            mamba: { d_model: 48, head_dim: 16, n_layers: 1 },
          },
        }
      : {},
  );
  const peers = group && joins !== 'alone' ? new TrainingPeers(group) : null;
  const model = createModel(config.model, { channels: size.channels, seed: 1 }).to({ device });
  const plain = trainable(model, 1);
  const parts = stepParts(config, {
    model: {
      ...plain,
      forwardTraining: (batch, step, others) =>
        plain.forwardTraining(batch, step, joins === 'no statistics' ? null : others),
    },
    device,
    precision: device === 'cpu' ? null : 'bfloat16',
    loss: { kind: 'focal', alpha: 0.5, gamma: 2, positiveWeight: 1 },
    peers,
  });
  if (joins === 'no gradients' && parts.joint) {
    parts.joint.beforeLastBackward = () => undefined;
    parts.joint.afterLastBackward = () => undefined;
  }
  const batch: Batch = {
    signal: aten.randn({ size: [size.batch, size.length, size.channels], device }),
    labels: scope(() =>
      aten['lt.Scalar']({ self: aten.rand({ size: [size.batch, size.length], device }), other: 0.1 }).to({
        dtype: 'uint8',
      }),
    ),
    samples: arange(size.batch, { device }),
  };
  const whole = [size.batch * (peers?.group.size ?? 1)];
  let step = 0;
  const run = (count: number) => {
    for (let i = 0; i < count; i++) {
      trainingStep(parts, [batch], step++, 1e-4, whole);
      if (parts.ring.isFull) parts.ring.send();
      parts.ring.receive();
    }
    synchronize(device);
  };
  run(8);
  const start = performance.now();
  run(Number(options.steps));
  return (performance.now() - start) / Number(options.steps);
}

async function together<T>(
  size: number,
  part: Pick<Part, 'kind' | 'dtype' | 'joins' | 'rotation'>,
): Promise<T[]> {
  const results: Promise<T>[] = [];
  const children: ChildProcess[] = [];
  let port = 0;
  for (let rank = 0; rank < size; rank++) {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--job', 'process'], {
      env: environmentOfProcess({ rank, size, port }),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    const { promise: chosen, resolve: choose } = Promise.withResolvers<void>();
    const { promise: result, resolve, reject } = Promise.withResolvers<T>();
    child.on('message', (message: { port?: number; result?: T }) => {
      port = message.port ?? port;
      choose();
      if ('result' in message) resolve(message.result!);
    });
    child.on('exit', (code) => {
      choose();
      reject(new Error(`process ${rank} of ${size} ended with ${code}`));
    });
    child.send({ rank, size, port, ...part } satisfies Part);
    if (rank === 0) await chosen;
    results.push(result);
  }
  try {
    return await Promise.all(results);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function measure(): Promise<void> {
  const exact: Record<string, unknown> = {};
  for (const dtype of ['float64', 'float32'] as const) {
    const [one] = await together<JointResult>(1, { kind: 'exact', dtype, joins: 'all' });
    const all = await together<JointResult>(processes, { kind: 'exact', dtype, joins: 'all' });
    const rotated: JointResult[] = [];
    for (const rotation of [1, 2, 3])
      rotated.push(...(await together<JointResult>(1, { kind: 'exact', dtype, joins: 'all', rotation })));
    /** The largest relative difference from one process within the first steps. */
    const difference = (index: number, steps: number, results: readonly JointResult[]) =>
      Math.max(
        ...results.flatMap((result) =>
          result.steps.slice(0, steps).map((values, step) => {
            const expected = one!.steps[step]![index]!;
            return Math.abs(values[index]! - expected) / Math.abs(expected);
          }),
        ),
      );
    const within = (steps: number) => ({
      loss: difference(0, steps, all),
      band_of_loss: difference(0, steps, rotated),
      gradient_norm: difference(1, steps, all),
      band_of_gradient_norm: difference(1, steps, rotated),
    });
    const areSameWindows = one!.windows.every((windows, step) => {
      const drawn = new Set(all.flatMap((result) => result.windows[step]!));
      return drawn.size === new Set(windows).size && windows.every((index) => drawn.has(index));
    });
    exact[dtype] = {
      after_1: within(1),
      after_10: within(10),
      after_50: within(50),
      same_windows: areSameWindows,
    };
  }
  const speed = { kind: 'speed', dtype: 'float32' } as const;
  const slowest = async (size: number, joins: Part['joins']) =>
    Math.max(...(await together<number>(size, { ...speed, joins })));
  const ms = {
    one: await slowest(1, 'alone'),
    together: await slowest(processes, 'all'),
    without_gradients: await slowest(processes, 'no gradients'),
    without_statistics: await slowest(processes, 'no statistics'),
    side_by_side: await slowest(processes, 'alone'),
  };
  const report = {
    device,
    library: libraryInfo().version,
    processes,
    windows_a_process: Number(options.batch),
    window_s: Number(options.seconds),
    difference_from_one: exact,
    ms_a_step: ms,
    windows_per_s: {
      one: (1000 * Number(options.batch)) / ms.one,
      together: (1000 * Number(options.batch) * processes) / ms.together,
    },
    times_one: (processes * ms.one) / ms.together,
    communication_share: 1 - ms.side_by_side / ms.together,
  };
  console.log(options.json ? JSON.stringify(report) : JSON.stringify(report, null, 2));
}
