/**
 * Time of the detector's parts on this machine's CPU, and the operators it calls.
 *
 *     bash scripts/with-node.sh bench/detector.ts [threads]
 */
import { configSchema } from '../src/config/index.ts';
import { createModel } from '../src/model/index.ts';
import { arange, aten, noGrad, scope, setThreads, type Tensor, threads } from '../src/torch/index.ts';
import { native } from '../src/torch/native.ts';

setThreads(Number(process.argv[2] ?? 2));

const BATCH = 16;
const LENGTH = 1024;
const CHANNELS = 18;
const WIDTHS = [16, 32, 64, 64];
const REPEATS = 7;

const { model: config } = configSchema.parse({
  model: {
    encoder: { stages: 4, channels: WIDTHS },
    rescnn: { n_blocks: 1 },
    mamba: { n_layers: 1, d_model: 64, d_state: 16, head_dim: 16 },
    decoder: { stages: 4 },
  },
});

/** Median of several, in milliseconds. */
function timed(body: () => void): number {
  body();
  const times = Array.from({ length: REPEATS }, () => {
    const start = performance.now();
    body();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[(REPEATS - 1) / 2]!;
}

function counted(body: () => void): number {
  const original = native.callOperator;
  let calls = 0;
  native.callOperator = (...call) => {
    calls++;
    return original(...call);
  };
  try {
    body();
  } finally {
    native.callOperator = original;
  }
  return calls;
}

const samples = arange(BATCH);
const signal = aten.randn({ size: [BATCH, LENGTH, CHANNELS] });
const training = { isTraining: true, seed: 1, step: 1, samples } as const;

function report(name: string, sizes: typeof config): void {
  const model = createModel(sizes, { channels: CHANNELS, seed: 1 });
  const step = () =>
    scope(() => {
      model.forward(signal, training).mean().backward();
    });
  const forward = () => scope(() => void model.forward(signal, training));
  const evaluation = () => scope(() => void noGrad(() => model.forward(signal)));
  const whole = timed(step);
  const half = timed(forward);
  console.log(
    `${name.padEnd(28)} evaluation ${timed(evaluation).toFixed(1)} ms, training forward ${half.toFixed(1)} ms, ` +
      `with backward ${whole.toFixed(1)} ms, ${counted(forward)} operators`,
  );
}

console.log(
  `${threads()} threads, batch ${BATCH} of ${LENGTH} samples, ${CHANNELS} channels, widths ${WIDTHS}`,
);
report('whole', config);
report('without Mamba', { ...config, mamba: { ...config.mamba, n_layers: 0 } });
report('without Mamba and ResCNN', {
  ...config,
  mamba: { ...config.mamba, n_layers: 0 },
  rescnn: { ...config.rescnn, n_blocks: 0 },
});

// So little arithmetic that what is left is the cost of the calls themselves.
const tiny = createModel(config, { channels: CHANNELS, seed: 1 });
const short = signal.slice(0, 0, 1).slice(1, 0, 16);
const overhead = timed(() => scope(() => void noGrad(() => tiny.forward(short))));
console.log(`${'whole, one window of 16'.padEnd(28)} evaluation ${overhead.toFixed(1)} ms`);

/** Forward and backward of a convolution of (B, C, 1, T) in both orders of memory. */
function convolution(inputs: number, outputs: number, kernel: number, length: number): void {
  const weight = aten.randn({ size: [outputs, inputs, 1, kernel] }).withGrad();
  const bias = aten.randn({ size: [outputs] }).withGrad();
  const run = (x: Tensor) =>
    timed(() =>
      scope(() => {
        aten
          .conv2d({ input: x, weight, bias, padding: [0, (kernel - 1) / 2] })
          .sum()
          .backward();
      }),
    );
  const contiguous = aten.randn({ size: [BATCH, inputs, 1, length] }).withGrad();
  const last = contiguous.detach().contiguous('channels_last').withGrad();
  const oneD = contiguous.detach().squeeze(2).withGrad();
  const conv1d = timed(() =>
    scope(() => {
      aten
        .conv1d({ input: oneD, weight: weight.squeeze(2), bias, padding: [(kernel - 1) / 2] })
        .sum()
        .backward();
    }),
  );
  console.log(
    `conv ${inputs} to ${outputs}, k${kernel}, ${length} steps: channels-last ${run(last).toFixed(1)} ms, ` +
      `contiguous ${run(contiguous).toFixed(1)} ms, conv1d ${conv1d.toFixed(1)} ms`,
  );
}

convolution(18, 16, 7, 1024);
convolution(16, 16, 5, 1024);
convolution(32, 32, 5, 512);
convolution(64, 64, 5, 256);
convolution(512, 512, 5, 960);
