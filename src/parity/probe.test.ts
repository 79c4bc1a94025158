import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../config/index.ts';
import { noGrad } from '../torch/index.ts';
import { buildSampleCache, SMOKE } from '../train/testing/sample-cache.ts';
import { compareProbes, differingProbeFields } from './compare-probes.ts';
import { makeProbe, resultFields } from './make-probe.ts';
import { type Probe, probeText, readProbe, writeProbe } from './probe-file.ts';
import type { Fault } from './probe-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-probe-'));
const cache = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true }));

/** Small enough for a second. */
const TINY = [
  'data.window_size=1',
  'data.stride=1',
  'model.encoder.channels=[4,8]',
  'model.mamba.head_dim=8',
  'model.mamba.d_state=4',
  'training.batch_size=3',
  'training.augmentation.gain=[0.5,2]',
  'training.learning_rate=3e-3',
  'resources.threads=1',
];

async function configOf(...set: string[]): Promise<Config> {
  return (await loadConfig(SMOKE, { set: [`data.cache_dir=${cache}`, ...TINY, ...set] })).config;
}

async function probe({ set = [] as string[], steps = 3, fault = {} as Fault } = {}): Promise<Probe> {
  return makeProbe({
    config: await configOf(...set),
    steps,
    say: () => undefined,
    onStep: () => undefined,
    environment: async (device, threads) =>
      ({
        bgb: '0.1.0',
        code: null,
        libtorch: '1.13',
        cuda: null,
        gpus: [],
        cpu: 'one',
        device,
        threads,
      }) as never,
    fault,
  });
}

let healthy: Probe;
beforeAll(async () => {
  await buildSampleCache(cache, { patients: { chb01: 'train' }, windows: { length: 256, stride: 256 } });
  healthy = await probe();
});

test('written and read again it is the same, in less than 1 MB', async () => {
  const path = join(folder, 'probe.json');
  await writeProbe(path, healthy);
  expect(await readProbe(path)).toEqual(healthy);
  const ofFiftySteps = probeText(healthy).length * (50 / 3);
  expect(ofFiftySteps).toBeLessThan(1e6);
});

test('the same machine computes the same, to the bit', async () => {
  const found = compareProbes(healthy, await probe());
  expect(found).toMatchObject({
    verdict: 'same',
    windows: null,
    float64: { loss: 0, step: null },
    float32: { loss: 0 },
  });
  expect(found.sentence).toMatch(
    /^The same: windows identical, losses in float64 within 0\.0e\+0 over 3 steps/,
  );
});

test('rounding alone is no difference: layers computed in another way', async () => {
  // 3 x / 3 is x but for the last bit.
  const rounded = await probe({ fault: { output: (_layer, output) => output.mul(3).div(3) } });
  const found = compareProbes(healthy, rounded);
  expect(found.float64!.loss).toBeGreaterThan(0);
  expect(found).toMatchObject({ verdict: 'same', float64: { layer: null }, float32: { isWithin: true } });
});

test('the band is of float32 and far above the difference in float64', () => {
  const band = compareProbes(healthy, healthy).float32!.bandHere;
  expect(band).toBeGreaterThan(1e-9);
  const { losses } = healthy.float32;
  const apart = healthy.float64.losses.map((loss, step) => Math.abs(losses[step]! - loss) / loss);
  // Float32 is not off float64 by more than what the order of its sums does, to a factor.
  expect(Math.max(...apart)).toBeLessThan(100 * band);
});

test('batches of one and two have a band, too, though their windows in the other order give the same sums', async () => {
  for (const size of [1, 2]) {
    const { float32 } = await probe({ set: [`training.batch_size=${size}`], steps: 1 });
    const outputs = ({ traces }: Pick<Probe['float32'], 'traces'>) =>
      traces[0]!.layers.map(({ output }) => output);
    const [input, ...layers] = outputs(float32);
    const [sameInput, ...moved] = outputs(float32.band.reordered!);
    expect(sameInput).toEqual(input);
    const apart = layers.map(([norm], layer) => Math.abs(moved[layer]![0] / norm - 1));
    expect(Math.max(...apart)).toBeGreaterThan(0);
    // Some hundred roundings of 2^-24.
    expect(Math.max(...apart)).toBeLessThan(1e-4);
  }
});

describe('a planted fault is found in its layer', () => {
  const perturbed = (name: string): Fault => ({
    model: (model) =>
      noGrad(() =>
        model
          .parameters()
          .get(name)!
          .mul_(1 + 1e-5),
      ),
  });
  const replaced = (layer: string, output: NonNullable<Fault['output']>): Fault => ({
    output: (name, made) => (name === layer ? output(name, made) : made),
  });

  test.each([
    ['encoder.input_conv.bn.bias', 'encoder.input_conv', { add: true }],
    ['encoder.encoder_blocks.1.0.bn.weight', 'encoder.encoder_blocks.1.0', {}],
    ['encoder.downsample.0.weight', 'encoder.downsample.0', {}],
    ['rescnn.blocks.0.branches.1.1.weight', 'rescnn.blocks.0.branches', {}],
    ['mamba.layers.0.backward_mamba.in_proj.weight', 'mamba.layers.0.output_proj', {}],
    ['decoder.upsample.1.weight', 'decoder.upsample.1', {}],
    ['detection_head.bias', 'detection_head', {}],
  ])('a weight: %s', async (weight, layer, { add }: { add?: boolean }) => {
    const fault: Fault = add
      ? { model: (model) => noGrad(() => void model.parameters().get(weight)!.fill_(1e-5)) }
      : perturbed(weight);
    const found = compareProbes(healthy, await probe({ fault }));
    expect(found).toMatchObject({ verdict: 'different', windows: null });
    expect(found.float64!.layer).toMatchObject({ step: 0, pass: 'forward', layer });
    expect(found.sentence).toContain(`from layer ${layer} on, in the forward pass of step 1`);
  });

  test('an output as by another epsilon in a norm', async () => {
    // y = x / sqrt(v + e): with 1.1e-5 for 1e-5 and variance v it is smaller by sqrt((v + 1e-5) / (v + 1.1e-5)).
    const fault = replaced('decoder.decoder_blocks.0.1', (_name, output) =>
      output.mul(Math.sqrt((0.1 + 1e-5) / (0.1 + 1.1e-5))),
    );
    const found = compareProbes(healthy, await probe({ fault }));
    expect(found.float64!.layer).toMatchObject({ pass: 'forward', layer: 'decoder.decoder_blocks.0.1' });
  });

  test('a gradient that is wrong where the output is right', async () => {
    const fault = replaced('encoder.downsample.1', (_name, output) => {
      const part = output.mul(1e-4);
      return output.add(part).sub(part.detach());
    });
    const found = compareProbes(healthy, await probe({ fault }));
    expect(found.float64!.layer).toMatchObject({ step: 0, pass: 'backward', layer: 'encoder.downsample.1' });
    expect(found.sentence).toContain('in the backward pass of step 1');
  });

  test('only in float32, as by TF32', async () => {
    const fault = replaced('mamba.layers.0', (_name, output) =>
      output.dtype === 'float32' ? output.mul(output).mul(1e-3).add(output) : output,
    ) as Fault;
    const found = compareProbes(healthy, await probe({ fault }));
    expect(found).toMatchObject({
      verdict: 'different',
      float64: { step: null },
      float32: { isWithin: false },
    });
    expect(found.float32!.layer).toMatchObject({ pass: 'forward', layer: 'mamba.layers.0' });
    expect(found.sentence).toMatch(/float64 agrees, but float32 is .* times off .* from the first step on/);
  });
});

test('a first float32 loss 40 bands off is not lost in what rounding becomes later', () => {
  const order = Object.keys(healthy.float32.band)[0]!;
  const there = structuredClone(healthy) as Probe;
  there.float32.band[order]!.losses[2]! *= 1.001;
  const apart = Math.abs(there.float32.band[order]!.losses[0]! / there.float32.losses[0]! - 1);
  const first = Math.max(apart, 2 ** -24);
  const shifted = (factor: number) => {
    const here = structuredClone(there) as Probe;
    here.float32.losses[0]! *= 1 + factor;
    here.float32.band[order]!.losses[0]! *= 1 + factor;
    return compareProbes(there, here);
  };
  expect(shifted(40 * first)).toMatchObject({
    verdict: 'different',
    float32: { isWithin: false, isFirst: true },
  });
  expect(shifted(10 * first)).toMatchObject({ verdict: 'same', float32: { isWithin: true, isFirst: false } });
});

test.each([
  'training.weight_decay=0.06',
  // So little that the first layers after the step are within the tolerance, and later ones are not.
  'training.learning_rate=3.000003e-3',
])('the optimiser: gradients agree, and what comes after the step does not: %s', async (assignment) => {
  const other = await probe({ set: [assignment] });
  // As if the same configuration had been run by another optimiser.
  const found = compareProbes(healthy, { ...other, config: healthy.config });
  expect(found.float64!.layer).toMatchObject({ step: 1, pass: 'optimiser' });
});

test('clipping by another factor, which only the gradients by weights show, and all of them', () => {
  const scaledIn = (isScaled: (layer: number) => boolean) => {
    const clipped = structuredClone(healthy) as Probe;
    clipped.float64.losses[1]! *= 1.001;
    for (const { layers } of clipped.float64.traces)
      for (const [index, { weightGradient }] of layers.entries())
        if (weightGradient !== null && isScaled(index))
          layers[index]!.weightGradient = [0.9 * weightGradient[0], 0.9 * weightGradient[1]];
    return compareProbes(healthy, clipped);
  };
  const all = scaledIn(() => true);
  expect(all.float64!.layer).toMatchObject({ step: 0, pass: 'optimiser' });
  expect(all.sentence).toContain(
    'from the clipping of step 1 on: all gradients agree but for one factor, 0.900000',
  );
  expect(scaledIn((layer) => layer < 4).float64!.layer).toMatchObject({ step: 0, pass: 'backward' });
});

test('other configurations are not compared, and both values are told', async () => {
  const found = compareProbes(healthy, await probe({ set: ['experiment.seed=7'] }));
  expect(found).toMatchObject({
    verdict: 'incomparable',
    fields: [{ field: 'experiment.seed', there: 42, here: 7 }],
  });
  expect(found.sentence).toContain('experiment.seed 42 there and 7 here');
  const allowed = await probe({ set: ['data.num_workers=2', 'experiment.name=other', 'training.tf32=true'] });
  expect(compareProbes(healthy, allowed).verdict).toBe('same');
});

test('what a probe does without may differ: files by name, the split of the corpus, what decides nothing', async () => {
  const other = await configOf(
    ...['data.split_file=/data/splits.json', 'training.init_from=/results/run', 'data.validation_split=0.5'],
    ...['training.momentum=0.5', 'training.epochs=7', 'training.ema_decay=0.9', 'data.exclude=[a.edf]'],
  );
  expect(differingProbeFields(healthy, resultFields(other))).toEqual([]);
  const decides = await configOf('training.loss=bce', 'data.max_samples=9');
  expect(differingProbeFields(healthy, resultFields(decides)).map(({ field }) => field)).toEqual([
    ...['data.max_samples', 'training.loss', 'training.focal_alpha', 'training.focal_gamma'],
  ]);
});

test('windows in another order, and windows that hold something else', () => {
  const swapped = structuredClone(healthy) as Probe;
  swapped.windows[2]!.reverse();
  expect(compareProbes(healthy, swapped)).toMatchObject({
    verdict: 'different',
    windows: { step: 3, what: 'order' },
  });
  const changed = structuredClone(healthy) as Probe;
  changed.windows[1]![2]![2] = 'another hash';
  const recording = healthy.data.recordings[healthy.windows[1]![2]![0]]!;
  const found = compareProbes(healthy, changed);
  expect(found.windows).toEqual({ step: 2, what: 'content', recording });
  expect(found.sentence).toContain(
    `the windows of step 2 on hold other samples or labels, first in ${recording}`,
  );
});

test('numbers that are none survive the file', async () => {
  const broken = structuredClone(healthy) as Probe;
  broken.float64.losses[1] = Number.NaN;
  const path = join(folder, 'broken.json');
  await writeProbe(path, broken);
  const read = await readProbe(path);
  expect(read.float64.losses[1]).toBeNaN();
  expect(compareProbes(healthy, read).float64!.step).toBe(2);
});

test.each([
  ['{"format":"bgb-probe","version":2}', 'it is of version 2, this bgb reads version 1'],
  ['{"format":"bgb-run"}', 'format'],
  ['null', 'is no probe'],
  ['[1,', 'is no probe'],
  ['', 'is no probe'],
])('what is no probe is refused: %s', async (text, message) => {
  const path = join(folder, 'foreign.json');
  writeFileSync(path, text);
  await expect(readProbe(path)).rejects.toMatchObject({
    code: 'PARITY_PROBE',
    message: expect.stringContaining(message),
  });
});

test.each<[string, (probe: Probe) => void]>([
  ['it has windows of 3 steps and losses of 2', ({ float64 }) => float64.losses.pop()],
  ['a window is of a recording that it does not list', ({ data }) => data.recordings.splice(0)],
])('a probe that does not fit itself is refused: %s', async (message, damage) => {
  const damaged = structuredClone(healthy) as Probe;
  damage(damaged);
  const path = join(folder, 'damaged.json');
  await writeProbe(path, damaged);
  await expect(readProbe(path)).rejects.toMatchObject({ message: expect.stringContaining(message) });
});

test('a probe with any value of it replaced is read or refused by name, never anything else', async () => {
  const path = join(folder, 'mutated.json');
  const text = probeText(healthy);
  const values = [...text.matchAll(/-?\d+\.?\d*(?:e[+-]?\d+)?|"[^"]*"|null/g)];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(values.length - 1),
      fc.oneof(fc.jsonValue(), fc.constant(undefined)),
      async (at, value) => {
        const { index, 0: found } = values[at]!;
        writeFileSync(
          path,
          text.slice(0, index) + (JSON.stringify(value) ?? '') + text.slice(index + found.length),
        );
        try {
          compareProbes(healthy, await readProbe(path));
        } catch (error) {
          expect(error).toMatchObject({ code: 'PARITY_PROBE' });
        }
      },
    ),
    { numRuns: 100 },
  );
});
