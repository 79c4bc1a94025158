import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { createModel, type Detector } from '../model/index.ts';
import { type StoredTensor, saveCheckpoint, writeSafetensors } from '../runs/index.ts';
import { fromTypedArray, noGrad, type Tensor } from '../torch/index.ts';
import { toStored } from './checkpoint-tensors.ts';
import { loadInitialWeights } from './initial-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Written by PyTorch's state_dict and the reference library: scripts/reference/weights.py. */
const OF_PYTORCH = fileURLToPath(new URL('fixtures/two-stages.safetensors', import.meta.url));

interface Case {
  readonly input: { readonly shape: number[]; readonly values: number[] };
  readonly logits: { readonly values: number[] };
}

const golden: Case = JSON.parse(
  readFileSync(new URL('../model/fixtures/two-stages.json', import.meta.url), 'utf8'),
);

function model(sizes: { d_state?: number; seed?: number } = {}): Detector {
  const { d_state = 3, seed = 5 } = sizes;
  const config = configSchema.parse({
    model: {
      encoder: { stages: 2, channels: [4, 7] },
      rescnn: { n_blocks: 1, dropout: 0 },
      mamba: { n_layers: 2, d_model: 7, d_state, head_dim: 7, dropout: 0 },
      decoder: { stages: 2 },
    },
  });
  return createModel(config.model, { channels: 3, seed });
}

/** The largest difference of the logits from PyTorch's float64 ones, relative to the largest of them. */
function errorOf(detector: Detector): number {
  const { shape, values } = golden.input;
  const signal = fromTypedArray(Float32Array.from(values), shape).transpose(1, 2).contiguous();
  const logits = noGrad(() => detector.forward(signal)).toArray();
  const largest = Math.max(...golden.logits.values.map(Math.abs));
  return Math.max(...logits.map((logit, i) => Math.abs(logit - golden.logits.values[i]!))) / largest;
}

const weightsOf = ({ store }: Detector) => new Map([...store.parameters, ...store.buffers]);

test('a state dict of PyTorch gives its logits, and written by bgb it is the same file', async () => {
  const detector = model();
  expect(errorOf(detector)).toBeGreaterThan(0.01);
  await loadInitialWeights(OF_PYTORCH, detector.store);
  expect(errorOf(detector)).toBeLessThan(1e-5);
  const path = join(folder, 'back.safetensors');
  await writeSafetensors(path, toStored(weightsOf(detector)));
  expect(readFileSync(path).equals(readFileSync(OF_PYTORCH))).toBe(true);
});

test('a checkpoint gives its weights, the averaged ones where it has them', async () => {
  const [source, averaged, target] = [model({ seed: 1 }), model({ seed: 2 }), model({ seed: 3 })];
  const tensors = toStored(weightsOf(source));
  const optimizer = { dtype: 'F64', shape: [], bytes: new Uint8Array(8) } as const;
  const state = {
    model: {},
    step: 1,
    epoch: 0,
    counters: {},
    loop: {},
    metric: null,
    thresholds: null,
    data: {},
    references: null,
    seizure_shares: null,
    code_version: '0.1.0',
    events: 0,
  };
  const save = (name: string, more: typeof tensors) =>
    saveCheckpoint(folder, name, {
      tensors: new Map([...tensors, ['optimizer.steps', optimizer], ...more]),
      state,
    });
  const values = ({ store }: Detector) => [...store.parameters.values()].map((tensor) => tensor.toArray());
  expect(await loadInitialWeights(await save('plain', new Map()), target.store)).toMatchObject({
    isAverage: false,
  });
  expect(values(target)).toEqual(values(source));
  const averages = new Map(
    [...toStored(averaged.store.parameters)].map(([name, tensor]) => [`ema.${name}`, tensor]),
  );
  const path = await save('averaged', averages);
  expect(await loadInitialWeights(path, target.store)).toMatchObject({ path, isAverage: true });
  expect(values(target)).toEqual(values(averaged));
});

test('half-precision weights are taken, too', async () => {
  const [source, target] = [model({ seed: 1 }), model({ seed: 3 })];
  const halved = [...source.store.parameters].map(([name, value]): [string, Tensor] => [
    name,
    value.detach().to({ dtype: 'bfloat16' }),
  ]);
  const stored = new Map<string, StoredTensor>(
    halved.map(([name, value]) => {
      const { buffer, byteOffset, byteLength } = value.data();
      return [
        name,
        { dtype: 'BF16', shape: value.shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) },
      ];
    }),
  );
  const path = join(folder, 'half.safetensors');
  await writeSafetensors(path, new Map([...stored, ...toStored(source.store.buffers)]));
  await loadInitialWeights(path, target.store);
  for (const [name, value] of halved)
    expect(target.store.parameters.get(name)!.toArray()).toEqual(value.to({ dtype: 'float32' }).toArray());
});

test('weights that do not fit are all named, and the model stays as it was', async () => {
  const detector = model({ d_state: 4 });
  const before = [...detector.store.parameters.values()].map((tensor) => tensor.toArray());
  const refusal = loadInitialWeights(OF_PYTORCH, detector.store);
  await expect(refusal).rejects.toMatchObject({ name: 'InputError', code: 'TRAIN_INIT' });
  // in_proj: 2 * 14 + 2 * 4 + 2 rows instead of 2 * 14 + 2 * 3 + 2.
  await expect(refusal).rejects.toThrow(
    /mamba\.layers\.0\.forward_mamba\.in_proj\.weight is \(36, 7\), expected \(38, 7\)/,
  );
  await expect(refusal).rejects.toThrow(/mamba\.layers\.1\.backward_mamba\.conv1d\.bias/);
  expect([...detector.store.parameters.values()].map((tensor) => tensor.toArray())).toEqual(before);
});

test('a file that is none is refused by name', async () => {
  const detector = model();
  const nowhere = loadInitialWeights(join(folder, 'nowhere'), detector.store);
  await expect(nowhere).rejects.toMatchObject({ name: 'InputError', code: 'CHECKPOINT_MISSING' });
  const path = join(folder, 'not.safetensors');
  writeFileSync(path, 'not a safetensors file');
  await expect(loadInitialWeights(path, detector.store)).rejects.toMatchObject({
    code: 'SAFETENSORS_HEADER',
  });
});
