/** Of the ten checks before a cloud run (docs/modal.md), those that are made where it will run. */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MANIFEST_FILE, splitFolder } from '../cache/index.ts';
import { channelCount, firstVisibleGpu, type LoadedConfig, resolvedDevice } from '../config/index.ts';
import { BgbError, InputError } from '../errors.ts';
import { sha256File } from '../files/index.ts';
import { modelCost } from '../model/index.ts';
import type { Check } from '../places/index.ts';
import { describeGpu } from '../runs/index.ts';
import { isCudaAvailable, libraryInfo } from '../torch/index.ts';
import { compareLosses, drill } from './drill.ts';
import { gpuOf, LONGEST_S } from './resources.ts';
import { configHash } from './train-job.ts';

export interface ThereOptions {
  readonly loaded: LoadedConfig;
  /** Path of the packed code, and the start of its SHA-256 as it was sent; null: it came with the image. */
  readonly code: { readonly path: string; readonly hash: string } | null;
  /** As the launching side has it. */
  readonly configHash: string;
  readonly gpu: string;
  readonly results: string;
  readonly data: string;
  readonly timeoutS: number;
  readonly hasDrill: boolean;
  /** Of the drill's first steps on the launching machine; null where it has none. */
  readonly losses: readonly number[] | null;
  /** What starts bgb, and its folder. */
  readonly program: readonly string[];
  readonly root: string;
}

/** On an H200, the full detector trains 64 windows of 60 s in 57.6 ms (bench/RESULTS.md); other GPUs by their bfloat16 peak. */
const H200 = { windowsPerS: 64 / 0.0576, peak: 989 };
const PEAKS: Readonly<Record<string, number>> = { T4: 65, L4: 121, A10G: 125, L40S: 362, 'A100-40GB': 312, 'A100-80GB': 312, H100: 989, H200: 989, B200: 2250 }; // biome-ignore format: a row of figures

export function checksThere(options: ThereOptions): Check[] {
  const { loaded, code, results, data } = options;
  const { config } = loaded;
  const device = () => resolvedDevice(config, { cudaAvailable: isCudaAvailable() });
  const drilled = () =>
    drill({
      ...options,
      device: device(),
      note: join(results, '.bgb/drills', `${code?.hash ?? 'image'}-${device()}.json`),
    });
  return [
    {
      number: 2,
      name: 'same code and configuration',
      find: async () => {
        if (code === null) return { skipped: 'started where it runs, with the code of the image' };
        const hash = (await sha256File(code.path)).slice(0, code.hash.length);
        if (hash !== code.hash)
          throw new InputError('MODAL_CODE', `the code at ${code.path} has hash ${hash}, sent was ${code.hash}: start the run again, which sends it anew; for a function: modal deploy deploy/modal/app.py`); // biome-ignore format: one sentence
        const found = configHash(config);
        if (found !== options.configHash)
          throw new InputError('MODAL_CONFIG', `the configuration means ${found} here and ${options.configHash} where it was sent from: is a BGB variable set on one side only?`); // biome-ignore format: one sentence
        return `code ${code.hash}, configuration ${found}`;
      },
    },
    {
      number: 3,
      name: 'runtime, libtorch, bridge',
      find: async () => {
        const { version } = libraryInfo();
        if (config.experiment.device === 'cuda' && !isCudaAvailable())
          throw new BgbError('MODAL_CUDA', `libtorch ${version} sees no GPU: was the bridge built for another libtorch? Start the run again; bgb modal shell lets you look`); // biome-ignore format: one sentence
        const lock = (await sha256File(join(options.root, 'package-lock.json')).catch(() => 'none')).slice(
          0,
          16,
        );
        return `Node ${process.versions.node}, lock file ${lock}, libtorch ${version}, the bridge loads and computes on ${device()}`;
      },
    },
    {
      number: 4,
      name: 'GPU as asked for',
      find: async () => {
        if (device() === 'cpu')
          return { skipped: `experiment.device is ${config.experiment.device}: computes on the CPU` };
        const [found = 'none'] = await describeGpu(firstVisibleGpu());
        const { name, memoryGib } = gpuOf(options.gpu);
        const mib = Number(/, (\d+) MiB/.exec(found)?.[1] ?? 0);
        if (!found.includes(name.split('-')[0]!.replace('A10G', 'A10')) || mib < 0.9 * memoryGib * 1024)
          throw new BgbError('MODAL_GPU', `asked for ${options.gpu} (${memoryGib} GiB), found ${found}: start the run again, or ask for another with --gpu`); // biome-ignore format: one sentence
        return found;
      },
    },
    {
      number: 5,
      name: 'data manifest; recordings read-only',
      find: async () => `${await manifests(config.data.cache_dir)}; ${await readOnly(data)}`,
    },
    {
      number: 6,
      name: 'reads fast enough',
      find: async () => {
        const measured = await readRate(config.data.cache_dir);
        const needed = windowsPerSecond(options, device()) * windowBytes(options);
        const copying = config.data.residency === 'device' ? 0 : (await cacheBytes(config.data.cache_dir)) / measured; // biome-ignore format: one quotient
        if (copying > options.timeoutS / 2)
          throw new BgbError('MODAL_READ', `the volume reads ${(measured / 1e6).toFixed(1)} MB/s: copying the cache to this machine's disk alone would take ${(copying / 3600).toFixed(1)} h of each attempt of ${options.timeoutS / 3600} h. Start it again, which may get another machine; or set data.residency to device; or keep the cache in few large files`); // biome-ignore format: one sentence
        const text = `${(measured / 1e6).toFixed(0)} MB/s from the volume; training takes in up to ${(needed / 1e6).toFixed(0)} MB/s`;
        // Copied to the disk, or read once into the GPU: slow reads cost time at the start only.
        return `${text}, ${config.data.residency === 'device' ? 'from the GPU’s memory' : 'from this machine’s own disk, where the cache is copied first'}`;
      },
    },
    { number: 7, name: 'write, sync, read back', find: () => writeAndReadBack(results) },
    {
      number: 8,
      name: 'killed and resumed: the same bits',
      find: async () => {
        if (!options.hasDrill) return { skipped: '--no-drill' };
        const { whole } = await drilled();
        return `both ended with the weights ${whole.slice(0, 12)}`;
      },
    },
    {
      number: 9,
      name: 'the same losses as at home',
      find: async () => {
        if (!options.hasDrill || options.losses === null) return { skipped: '--no-drill' };
        return compareLosses((await drilled()).losses, options.losses);
      },
    },
    {
      number: 10,
      name: 'time',
      find: async () => {
        const hours = (await windowsInAll(config.data.cache_dir)) * config.training.epochs / windowsPerSecond(options, device()) / 3600; // biome-ignore format: one quotient
        const limit = Math.min(options.timeoutS, LONGEST_S) / 3600;
        const attempts = Math.ceil(hours / limit);
        return `about ${hours.toFixed(1)} h at most, by operations; ${attempts <= 1 ? `within the limit of ${limit} h` : `in ${attempts} attempts of ${limit} h, each saving and going on`}`;
      },
    },
  ];
}

async function manifests(cache: string): Promise<string> {
  const found: string[] = [];
  for (const split of ['train', 'dev'] as const) {
    const path = join(splitFolder(cache, split), MANIFEST_FILE);
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) {
      if (split === 'train')
        throw new InputError('MODAL_MANIFEST', `${path} is not there: bgb modal scan-cache --cache-dir ${cache}, or bring the cache with bgb modal push`); // biome-ignore format: one sentence
      continue;
    }
    found.push(
      `${split} ${createHash('sha256').update(text).digest('hex').slice(0, 12)}, ${windowsIn(text)} windows`,
    );
  }
  return found.join('; ');
}

function windowsIn(manifest: string): number {
  const content = JSON.parse(manifest) as Record<string, unknown>;
  return ['partial_seizure', 'full_seizure', 'no_seizure'].reduce(
    (sum, name) => sum + (Array.isArray(content[name]) ? (content[name] as unknown[]).length : 0),
    0,
  );
}

async function windowsInAll(cache: string): Promise<number> {
  return windowsIn(await readFile(join(splitFolder(cache, 'train'), MANIFEST_FILE), 'utf8'));
}

async function readOnly(data: string): Promise<string> {
  if ((await stat(data).catch(() => null)) === null)
    return `no recordings at ${data}, and training needs none`;
  const probe = join(data, `.bgb-probe-${randomBytes(4).toString('hex')}`);
  try {
    await writeFile(probe, '');
  } catch {
    return `${data} cannot be written`;
  }
  await rm(probe, { force: true });
  throw new InputError(
    'MODAL_DATA',
    `${data} can be written: a slip would damage the recordings for everybody. Mount it read-only`,
  );
}

const PROBE_BYTES = 64 << 20;

/** Bytes a second of large reads from some entries. */
async function readRate(cache: string): Promise<number> {
  const folder = splitFolder(cache, 'train');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.npz')).sort();
  const piece = Buffer.alloc(1 << 20);
  const started = performance.now();
  let bytes = 0;
  for (const name of names) {
    await using file = await open(join(folder, name), 'r');
    while (bytes < PROBE_BYTES) {
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      bytes += bytesRead;
    }
    if (bytes >= PROBE_BYTES) break;
  }
  if (bytes === 0)
    throw new InputError(
      'MODAL_CACHE',
      `${folder} holds no entries: bring the cache with bgb modal push, or build it with bgb modal build-cache`,
    );
  return bytes / ((performance.now() - started) / 1000);
}

async function cacheBytes(cache: string): Promise<number> {
  const entries = await readdir(cache, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (each) => (await stat(join(each.parentPath, each.name))).size)); // biome-ignore format: one line
  return sizes.reduce((sum, size) => sum + size, 0);
}

function windowBytes({ loaded: { config } }: ThereOptions): number {
  return 2 * channelCount(config.preprocessing) * config.data.window_size * config.data.sampling_rate;
}

/** Roughly, by operations. */
function windowsPerSecond({ loaded: { config }, gpu }: ThereOptions, device: string): number {
  const own = modelCost(config.model, {
    channels: channelCount(config.preprocessing),
    length: config.data.window_size * config.data.sampling_rate,
    precision: 'bfloat16',
  }).flops;
  // A CPU core makes some 3e10 operations a second in ATen's convolutions; training takes three times a forward pass.
  if (device === 'cpu') return 3e10 / (3 * own);
  const { name, count } = gpuOf(gpu);
  return (H200.windowsPerS * (FULL_FLOPS / own) * count * (PEAKS[name] ?? H200.peak)) / H200.peak;
}

/** Of the detector at its default size, forward, one window of 60 s at 256 Hz (`bgb model configs/local/train.yaml`). */
const FULL_FLOPS = 81.13e9;

async function writeAndReadBack(results: string): Promise<string> {
  const folder = join(results, '.bgb/probes');
  const path = join(folder, randomBytes(8).toString('hex'));
  const content = randomBytes(1 << 20);
  await mkdir(folder, { recursive: true });
  await using file = await open(path, 'w');
  const started = performance.now();
  await file.writeFile(content);
  await file.sync();
  await promisify(execFile)('sync', [results]);
  const found = await readFile(path);
  await rm(path);
  await access(results);
  if (!found.equals(content))
    throw new BgbError(
      'MODAL_VOLUME',
      `what was written to ${results} came back different: start the run again, or use another volume (--volume)`,
    );
  return `1 MiB in ${(performance.now() - started).toFixed(0)} ms`;
}
