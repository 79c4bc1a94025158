/**
 * bgb's own CUDA kernels beside their twins in ATen operators, in float64 on the same GPU: outputs and every gradient,
 * at lengths that do and do not fill chunks. Prints a table; exit code 1 where an error is over its limit.
 *
 *     bash scripts/with-node.sh scripts/compare-kernels.ts [--architecture compute_80] [--json]
 */
import { parseArgs } from 'node:util';
import {
  BatchNorm,
  Conv1d,
  Dropout,
  EVALUATION,
  FixedWeights,
  LayerNorm,
  Linear,
  Mamba2,
  type Mode,
  moveWeights,
  normalisedConvolution,
  parallelConvolutions,
  residualConvolution,
  residualNorm,
  type WeightStore,
  Weights,
} from '../src/nn/index.ts';
import {
  aten,
  autocast,
  type Dtype,
  gradients,
  isCudaAvailable,
  kernelsMissing,
  manualSeed,
  noGrad,
  scope,
  setKernelArchitecture,
  setTf32,
  type Tensor,
  tensor,
  withoutKernels,
} from '../src/torch/index.ts';
import { AdamW } from '../src/train/adamw.ts';
import { flatten } from '../src/train/flat-parameters.ts';

const { values: options } = parseArgs({
  options: { architecture: { type: 'string' }, json: { type: 'boolean', default: false } },
});

/** Largest relative error; of a per-head gradient in bfloat16 too. */
const LIMITS: Partial<Record<Dtype, number>> = { float32: 1e-5, bfloat16: 1e-2 };

interface Row {
  readonly kernel: string;
  readonly dtype: Dtype;
  readonly sizes: string;
  readonly errors: Readonly<Record<string, number>>;
}

const rows: Row[] = [];

/** The same numbers in every run: drawn on the CPU. */
const random = (size: number[]) => scope(() => aten.randn({ size, dtype: 'float32' }).to({ device: 'cuda' }));

/** The root of the summed squares of the difference, in shares of that of `expected`. */
function distance(found: Tensor, expected: Tensor): number {
  return scope(() => {
    const wide = expected.to({ dtype: 'float64' });
    const norm = (t: Tensor) => t.pow(2).sum().sqrt().item();
    return norm(found.to({ dtype: 'float64' }).sub(wide)) / (norm(wide) || 1);
  });
}

function record(
  kernel: string,
  dtype: Dtype,
  sizes: string,
  found: Map<string, Tensor>,
  expected: Map<string, Tensor>,
) {
  const errors = Object.fromEntries(
    [...expected].map(([name, value]) => [name, distance(found.get(name)!, value)]),
  );
  rows.push({ kernel, dtype, sizes, errors });
}

/** Output and gradients of a weighted sum of it, by name. */
function differentiate(
  store: WeightStore,
  inputs: Readonly<Record<string, Tensor>>,
  weights: Tensor,
  compute: (inputs: Record<string, Tensor>) => Tensor,
): Map<string, Tensor> {
  return scope(() => {
    const leaves = Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [name, value.detach().clone().withGrad()]),
    );
    const y = compute(leaves);
    const total = y.mul(weights.to({ dtype: y.dtype })).sum();
    const names = [...Object.keys(inputs), ...store.parameters.keys()];
    const found = gradients([total], [...Object.values(leaves), ...store.parameters.values()]);
    return new Map([
      ['output', y.detach()],
      ...names.flatMap((name, i) => (found[i] ? [[name, found[i]] as const] : [])),
    ]);
  });
}

const DTYPES = ['float32', 'bfloat16'] as const;
const empty = (): WeightStore => ({ parameters: new Map(), buffers: new Map() });

function compareMamba(batch: number, length: number, heads: number, state: number, isReversed: boolean) {
  const options = { model: (heads * 64) / 2, state, expand: 2, headDim: 64, convKernel: 4 };
  const width = 2 * heads * 64 + 2 * state + heads;
  for (const dtype of DTYPES)
    scope(() => {
      const [narrow, wide] = [empty(), empty()];
      const layer = new Mamba2(new Weights(narrow, 7), options);
      const twin = new Mamba2(new Weights(wide, 7), options);
      moveWeights(narrow, { device: 'cuda' });
      moveWeights(wide, { device: 'cuda', dtype: 'float64' });
      const projected = scope(() => random([batch, length, width]).to({ dtype }));
      const weights = scope(() => random([batch, length, heads * 64]).to({ dtype }));
      const found = differentiate(narrow, { projected }, weights, ({ projected }) =>
        layer.mix(projected!, { isReversed }),
      );
      const expected = differentiate(
        wide,
        { projected: projected.to({ dtype: 'float64' }) },
        weights,
        ({ projected }) => withoutKernels(() => twin.mix(projected!, { isReversed })),
      );
      const direction = isReversed ? 'reversed' : 'forward';
      record(
        'mamba2',
        dtype,
        `${batch} x ${length}, ${heads} heads, state ${state}, ${direction}`,
        found,
        expected,
      );
    });
}

/** Both directions at once with the products around them, which are rounded to bfloat16 in both. */
function compareBidirectional(batch: number, length: number) {
  const options = { model: 256, state: 16, expand: 2, headDim: 64, convKernel: 4 };
  for (const dtype of DTYPES)
    scope(() => {
      const [narrow, wide] = [empty(), empty()];
      const make = (store: WeightStore) =>
        [
          new Mamba2(new Weights(store, 7).at('ahead'), options),
          new Mamba2(new Weights(store, 7).at('back'), options),
          new Linear(new Weights(store, 7).at('join'), 512, 256),
        ] as const;
      const [ours, twins] = [make(narrow), make(wide)];
      moveWeights(narrow, { device: 'cuda' });
      moveWeights(wide, { device: 'cuda', dtype: 'float64' });
      const input = scope(() => random([batch, length, 256]).to({ dtype }));
      const weights = scope(() => random([batch, length, 256]).to({ dtype }));
      const cast = dtype === 'bfloat16' ? dtype : null;
      const found = differentiate(narrow, { input }, weights, ({ input }) =>
        autocast({ device: 'cuda', dtype: cast }, () => Mamba2.bidirectional(...ours, input!)),
      );
      const exact = { input: input.to({ dtype: 'float64' }) };
      const expected = differentiate(wide, exact, weights, ({ input }) =>
        Mamba2.bidirectional(...twins, input!),
      );
      // One number a head sums terms of both signs over all steps; rounding of the products stays where they cancel.
      if (cast !== null)
        for (const name of expected.keys()) if (/dt_bias|A_log|\.D$/.test(name)) expected.delete(name);
      record('bidirectional', dtype, `${batch} x ${length}`, found, expected);
    });
}

function compareBatchNorm(batch: number, channels: number, length: number, hasRelu: boolean) {
  for (const dtype of DTYPES)
    scope(() => {
      const mode: Mode = { isTraining: true, seed: 1, step: 0, samples: tensor([0], { dtype: 'int64' }) };
      const [narrow, wide] = [empty(), empty()];
      const norm = new BatchNorm(new Weights(narrow, 7), channels);
      const twin = new BatchNorm(new Weights(wide, 7), channels);
      moveWeights(narrow, { device: 'cuda' });
      noGrad(() => {
        for (const parameter of narrow.parameters.values()) parameter.copy_(random(parameter.shape));
        for (const [name, parameter] of wide.parameters) parameter.copy_(narrow.parameters.get(name)!);
      });
      moveWeights(wide, { device: 'cuda', dtype: 'float64' });
      const offset = random([channels]);
      // Means far from 0, where sums of squares lose digits.
      const input = scope(() =>
        random([batch, 1, length, channels])
          .add(random([channels]).mul(10))
          .to({ dtype })
          .permute(0, 3, 1, 2),
      );
      const weights = scope(() => random([batch, 1, length, channels]).permute(0, 3, 1, 2).to({ dtype }));
      const found = differentiate(narrow, { input }, weights, ({ input }) =>
        BatchNorm.fused([norm], input!, mode, { offset, hasRelu }),
      );
      const expected = differentiate(
        wide,
        { input: input.to({ dtype: 'float64' }) },
        weights,
        ({ input }) => {
          const shifted = input!.add(offset.to({ dtype: 'float64' }).view(1, channels, 1, 1));
          const y = twin.forward(shifted, mode);
          return hasRelu ? y.relu() : y;
        },
      );
      for (const name of ['running_mean', 'running_var']) {
        found.set(name, narrow.buffers.get(name)!);
        expected.set(name, wide.buffers.get(name)!);
      }
      record(
        'batch_norm',
        dtype,
        `${batch} x ${channels} x ${length}${hasRelu ? ', ReLU' : ''}`,
        found,
        expected,
      );
    });
}

/** Convolutions with their norms folded in, of an input in two parts, side by side, and with a residual. */
function compareFolded(batch: number, channels: number, length: number) {
  for (const dtype of DTYPES)
    scope(() => {
      const [narrow, wide] = [empty(), empty()];
      const make = (store: WeightStore) =>
        [3, 5, 7].map((kernel, index) => {
          const at = new Weights(store, 7).at(index);
          const sizes = { inputs: channels, outputs: channels, kernel, padding: (kernel - 1) / 2 };
          return { conv: new Conv1d(at.at('conv'), sizes), norm: new BatchNorm(at.at('bn'), channels) };
        });
      const [ours, twins] = [make(narrow), make(wide)];
      moveWeights(narrow, { device: 'cuda' });
      moveWeights(wide, { device: 'cuda', dtype: 'float64' });
      noGrad(() => {
        for (const store of [narrow.parameters, narrow.buffers])
          for (const [name, vector] of store) {
            if (vector.shape.length === 1) vector.copy_(random(vector.shape).mul(0.2).add(1));
            const twin = wide.parameters.get(name) ?? wide.buffers.get(name)!;
            twin.copy_(vector);
          }
      });
      const input = scope(() => random([batch, 1, length, channels]).to({ dtype }).permute(0, 3, 1, 2));
      const residual = scope(() => random([batch, 1, length, channels]).to({ dtype }).permute(0, 3, 1, 2));
      const half = channels / 2;
      const compute = (blocks: ReturnType<typeof make>, [x, r]: readonly [Tensor, Tensor], mode: Mode) => {
        const parts = [x.slice(1, 0, half), x.slice(1, half)];
        return new Map([
          ['parts', normalisedConvolution(blocks[0]!, parts, mode, { hasRelu: true })],
          ['residual', residualConvolution(blocks[1]!, x, r, mode, (y) => y)],
        ]);
      };
      const parallel = (blocks: ReturnType<typeof make>, x: Tensor, mode: Mode) =>
        new Map([['parallel', parallelConvolutions(blocks, x, mode)]]);
      const toWide = (t: Tensor) => t.to({ dtype: 'float64' });
      using fixed = new FixedWeights();
      using fixedTogether = new FixedWeights();
      noGrad(() => {
        const cast = dtype === 'bfloat16' ? dtype : null;
        const found = autocast({ device: 'cuda', dtype: cast }, () => [
          ...compute(ours, [input, residual], { isTraining: false, fixed }),
          ...parallel(ours, input, { isTraining: false, fixed: fixedTogether }),
        ]);
        const expected = withoutKernels(() => [
          ...compute(twins, [toWide(input), toWide(residual)], EVALUATION),
          ...parallel(twins, toWide(input), EVALUATION),
        ]);
        const where = `${batch} x ${channels} x ${length}`;
        record('folded_convolution', dtype, where, new Map(found), new Map(expected));
      });
    });
}

function compareResidualNorm(batch: number, length: number, width: number, rate: number) {
  for (const dtype of DTYPES)
    scope(() => {
      const samples = tensor(
        Array.from({ length: batch }, (_, i) => 7 * i + 3),
        { dtype: 'int64', device: 'cuda' },
      );
      const mode: Mode = { isTraining: true, seed: 11, step: 5, samples };
      const dropout = new Dropout(rate, 'mamba.layers.0', 'elements');
      const [narrow, wide] = [empty(), empty()];
      const norm = new LayerNorm(new Weights(narrow, 7), width);
      const twin = new LayerNorm(new Weights(wide, 7), width);
      moveWeights(narrow, { device: 'cuda' });
      moveWeights(wide, { device: 'cuda', dtype: 'float64' });
      const input = scope(() => random([batch, length, width]).to({ dtype }));
      const residual = scope(() => random([batch, length, width]).to({ dtype }));
      const weights = scope(() => random([batch, length, width]).to({ dtype }));
      const found = differentiate(narrow, { input, residual }, weights, ({ input, residual }) =>
        residualNorm(norm, dropout, input!, residual!, mode),
      );
      const expected = differentiate(
        wide,
        { input: input.to({ dtype: 'float64' }), residual: residual.to({ dtype: 'float64' }) },
        weights,
        ({ input, residual }) => residualNorm(twin, dropout, input!, residual!, mode),
      );
      record('residual_norm', dtype, `${batch} x ${length} x ${width}, dropout ${rate}`, found, expected);
    });
}

function compareAdamW(count: number) {
  scope(() => {
    const run = (isTwin: boolean) => {
      const parameter = scope(() =>
        aten.full({ size: [count, 1], fill_value: 0.5, device: 'cuda' }),
      ).withGrad();
      const parameters = flatten(new Map([['weight', parameter]]));
      const optimizer = new AdamW(parameters, { weightDecay: 0.1 });
      const step = (sound: boolean, seed: number) => {
        noGrad(() =>
          parameters.decayed.gradients.copy_(
            scope(() =>
              aten.arange({ end: count, device: 'cuda' }).mul(seed).to({ dtype: 'float32' }).sub(3),
            ),
          ),
        );
        const body = () =>
          optimizer.step(tensor(0.01, { device: 'cuda' }), tensor(sound ? 1 : 0, { device: 'cuda' }).eq(1));
        if (isTwin) withoutKernels(body);
        else body();
      };
      step(true, 1);
      step(false, 5);
      step(true, -2);
      return new Map([['values', parameters.decayed.values], ...optimizer.state()]);
    };
    record('adamw_', 'float32', `${count}`, run(false), run(true));
  });
}

if (!isCudaAvailable() || kernelsMissing() !== null) {
  console.error(`compare-kernels: ${kernelsMissing() ?? 'there is no CUDA device'}`);
  process.exit(2);
}
setTf32(false);
manualSeed(1);
setKernelArchitecture(options.architecture ?? null);
autocast({ device: 'cuda', dtype: null }, () => {
  for (const length of [1, 3, 63, 64, 65, 200, 961])
    for (const isReversed of [false, true]) compareMamba(length === 961 ? 1 : 3, length, 8, 16, isReversed);
  compareMamba(2, 960, 16, 16, false);
  // More than what is computed in float32 whatever comes (src/nn/mamba2.ts).
  compareMamba(5, 961, 8, 16, true);
  compareMamba(8, 1000, 16, 16, false);
  compareMamba(1, 130, 8, 32, true);
  compareBidirectional(3, 200);
  compareBidirectional(1, 65);
  for (const [channels, length] of [[64, 1000], [512, 77], [8, 3], [1024, 50], [24, 333]] as const) // biome-ignore format: sizes
    for (const hasRelu of [true, false]) compareBatchNorm(2, channels, length, hasRelu);
  for (const [channels, length] of [[64, 1000], [512, 77], [8, 3]] as const) compareFolded(2, channels, length); // biome-ignore format: sizes
  for (const rate of [0, 0.1, 0.5]) compareResidualNorm(3, 65, 512, rate);
  compareResidualNorm(1, 1, 128, 0.3);
  for (const count of [1, 1023, 4099]) compareAdamW(count);
});

if (options.json) console.log(JSON.stringify(rows));
const worst = new Map<string, { error: number; where: string }>();
for (const { kernel, dtype, sizes, errors } of rows)
  for (const [name, error] of Object.entries(errors)) {
    const key = `${kernel} ${dtype} ${name}`;
    const before = worst.get(key);
    if (before === undefined || !(error <= before.error)) worst.set(key, { error, where: sizes });
  }
let isBad = false;
for (const [key, { error, where }] of worst) {
  const dtype = key.split(' ')[1] as Dtype;
  const isOver = !(error < LIMITS[dtype]!);
  isBad ||= isOver;
  if (!options.json)
    console.log(`${key.padEnd(44)} ${error.toExponential(1)}  ${isOver ? 'OVER' : 'ok'}  (${where})`);
}
if (!options.json)
  console.log(
    `${rows.length} comparisons on ${options.architecture ?? "the GPU's own architecture"}, ${isBad ? 'some over' : 'all under'} their limits (float32 1e-5, bfloat16 1e-2)`,
  );
process.exitCode = isBad ? 1 : 0;
