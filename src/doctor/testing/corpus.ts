// A small corpus of the real sample, its cache and its configuration, made once and copied for each fault.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCache, scanSplit } from '../../cache/index.ts';
import { loadConfig } from '../../config/index.ts';
import { InputError } from '../../errors.ts';

export const SAMPLE = fileURLToPath(new URL('../../../data/sample', import.meta.url));
const SMOKE = fileURLToPath(new URL('../../../configs/local/smoke.yaml', import.meta.url));

/** Two recordings of a patient to train on, and two of another one. */
const FILES = [
  'chb01/chb01_03_clip.edf',
  'chb01/chb01_03_clip.csv_bi',
  'chb01/chb01_04_clip.edf',
  'chb01/chb01_04_clip.csv_bi',
  'chb03/chb03_01_clip_edfplusD.edf',
  'chb03/chb03_02_clip_edfplusD.edf',
];

/** A set-up in a folder of its own. */
export interface SetUp {
  readonly root: string;
  readonly data: string;
  readonly cache: string;
  readonly config: string;
}

export class Corpus implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bgb-doctor-'));
  #count = 0;

  /** Builds the cache that is copied: chb01 is train, chb03 dev. */
  static async make(): Promise<Corpus> {
    const corpus = new Corpus();
    const whole = corpus.#place('whole');
    for (const file of FILES) {
      mkdirSync(join(whole.data, file, '..'), { recursive: true });
      cpSync(join(SAMPLE, file), join(whole.data, file));
    }
    await build(whole);
    return corpus;
  }

  /** A copy, with its configuration changed. */
  copy(changes: readonly (readonly [string, string])[] = []): SetUp {
    const whole = this.#place('whole');
    const place = this.#place(`copy-${this.#count++}`);
    cpSync(whole.data, place.data, { recursive: true });
    cpSync(whole.cache, place.cache, { recursive: true });
    let text = readFileSync(SMOKE, 'utf8')
      .replace('data_dir: data/sample', `data_dir: ${place.data}`)
      .replace('cache_dir: cache/smoke', `cache_dir: ${place.cache}`)
      .replace('output_dir: results/smoke', `output_dir: ${join(place.root, 'run')}\n  seed: ${SEED}`);
    for (const [from, to] of changes) {
      if (!text.includes(from)) throw new Error(`no ${from} in the configuration`);
      text = text.replace(from, to);
    }
    writeFileSync(place.config, text);
    return place;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  #place(name: string): SetUp {
    const root = join(this.#folder, name);
    mkdirSync(root, { recursive: true });
    return { root, data: join(root, 'data'), cache: join(root, 'cache'), config: join(root, 'train.yaml') };
  }
}

/** Builds a cache as build-cache and scan-cache do, without the time that two processes take to start. */
export async function build(
  { data, cache }: Pick<SetUp, 'data' | 'cache'>,
  { limitFiles = null as number | null, clip = null as number | null } = {},
): Promise<void> {
  const { config } = await loadConfig(SMOKE);
  await buildCache({
    dataDir: data,
    cacheDir: cache,
    split: null,
    validationSplit: config.data.validation_split,
    seed: SEED,
    settings: {
      ...config.preprocessing,
      ...(clip !== null && { clip }),
      sampling_rate: config.data.sampling_rate,
    },
    limitFiles,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  await scan({ cache });
}

/** Writes the manifests of the splits that are there, as far as they may be written. */
export async function scan({ cache }: Pick<SetUp, 'cache'>): Promise<void> {
  for (const split of ['train', 'dev'])
    await scanSplit(join(cache, split), { length: 1024, stride: 512 }, { isRebuildForced: true }).catch(
      (error: unknown) => {
        if (!(error instanceof InputError)) throw error;
      },
    );
}

/** With it the draw puts chb03 into dev. */
const SEED = 3;
