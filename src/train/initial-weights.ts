import { stat } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';
import { sha256 } from '../files/index.ts';
import { loadWeights, type WeightStore } from '../nn/index.ts';
import {
  DTYPE_BYTES,
  loadCheckpoint,
  type SafetensorsDtype,
  SafetensorsFile,
  type StoredTensor,
} from '../runs/index.ts';
import { type Dtype, fromTypedArray, type Tensor } from '../torch/index.ts';
import { AVERAGE_PREFIX } from './weight-average.ts';

/** Where weights came from, for the log. */
export interface WeightSource {
  readonly path: string;
  /** Whether the averaged weights of a checkpoint were taken. */
  readonly isAverage: boolean;
  /** Over all weights of the model as they were filled in, whatever file they were in. */
  readonly sha256: string;
}

/**
 * Fills a model with weights: those of a run folder's best checkpoint, of a checkpoint, or of any .safetensors file with
 * the names of docs/model.md, such as one written from a PyTorch state dict. Where a checkpoint holds averaged weights,
 * those. Values are converted to the model's dtype.
 *
 * @throws InputError `TRAIN_INIT`, naming every weight that is missing, unknown or of another shape; `CHECKPOINT_*`,
 * `SAFETENSORS_*` for a file that cannot be used. The model is then as it was.
 */
export async function loadInitialWeights(path: string, store: WeightStore): Promise<WeightSource> {
  if (path.endsWith('.safetensors') && (await isFile(path))) {
    await using file = await SafetensorsFile.open(path);
    return { path, isAverage: await fillModel(file, store), sha256: hashOf(store) };
  }
  await using checkpoint = await loadCheckpoint(path);
  const isAverage = await fillModel(checkpoint.tensors, store);
  return { path: checkpoint.path, isAverage, sha256: hashOf(store) };
}

function hashOf({ parameters, buffers }: WeightStore): string {
  const hashes = [...parameters, ...buffers].map(([name, tensor]) => {
    const { buffer, byteOffset, byteLength } = tensor.detach().data();
    return `${name} ${sha256(new Uint8Array(buffer, byteOffset, byteLength))}\n`;
  });
  return sha256(hashes.sort().join(''));
}

/** Fills a model from a file. Returns whether the averaged weights were taken. @throws InputError `TRAIN_INIT` */
export async function fillModel(file: SafetensorsFile, store: WeightStore): Promise<boolean> {
  const names = [...file.entries.keys()].filter((name) => !name.startsWith('optimizer.'));
  const isAverage = names.some((name) => name.startsWith(AVERAGE_PREFIX));
  const values = new Map<string, Tensor>();
  try {
    for (const name of names) {
      const isOfAverage = name.startsWith(AVERAGE_PREFIX);
      if (!isOfAverage && isAverage && names.includes(AVERAGE_PREFIX + name)) continue;
      values.set(isOfAverage ? name.slice(AVERAGE_PREFIX.length) : name, toTensor(await file.read(name)));
    }
    loadWeights(store, values);
    return isAverage;
  } catch (cause) {
    if (cause instanceof InputError && cause.code === 'NN_WEIGHTS')
      throw new InputError(
        'TRAIN_INIT',
        `${file.path} does not fit the model. ${messageOf(cause)} Give the configuration's model section the sizes that the weights have, or other weights.`,
        { cause },
      );
    throw cause;
  } finally {
    for (const tensor of values.values()) tensor.dispose();
  }
}

const DTYPES: Record<SafetensorsDtype, Dtype> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

function toTensor({ dtype, shape, bytes }: StoredTensor): Tensor {
  // A copy, since typed arrays must be aligned.
  const { buffer } = bytes.slice();
  const array = new { 8: BigInt64Array, 4: Int32Array, 2: Int16Array, 1: Uint8Array }[DTYPE_BYTES[dtype]](
    buffer,
  );
  return fromTypedArray(array, shape, { dtype: DTYPES[dtype] });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}
