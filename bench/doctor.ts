/**
 * `bgb doctor` on a cache of 5,000 recordings, beside `bgb scan-cache --check`, which only compares the manifests; and what a
 * training spends before its first step on the quick rules and on opening its windows, with one look at the entries or two.
 *
 *     bash scripts/with-node.sh bench/doctor.ts [folder]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scanSplit, settingsRecord, writeEntry } from '../src/cache/index.ts';
import { testProvenance } from '../src/cache/testing/provenance.ts';
import { configSchema, loadConfig, readEnvironment } from '../src/config/index.ts';
import { findBeforeTraining } from '../src/doctor/index.ts';
import { sha256 } from '../src/files/index.ts';
import { openTrainingData } from '../src/train/training-data.ts';

const folder = process.argv[2] ?? join(tmpdir(), 'bgb-bench-doctor');
const RECORDINGS = { train: 4000, dev: 1000 } as const;
/** Short windows of few channels stand for those of 60 s: what is read is headers, labels and manifests. */
const RATE = 16;
const ROWS = 900 * RATE;
const SHAPE = { length: 60 * RATE, stride: 10 * RATE };

const config = {
  data: {
    cache_dir: folder,
    data_dir: join(folder, 'data'),
    patient_pattern: '^p([^/]+)/',
    sampling_rate: RATE,
    window_size: 60,
    stride: 10,
  },
  preprocessing: { channels: ['Cz'], bandpass: [0.5, 7] as [number, number], notch_freq: null },
  training: { early_stopping: null, mixed_precision: false },
  experiment: { device: 'cpu' as const },
};
const { preprocessing } = configSchema.parse({
  ...config,
  preprocessing: { ...config.preprocessing, montage: 'channels' },
});

async function writeRecording(split: string, index: number): Promise<void> {
  const labels = new Uint8Array(ROWS);
  labels.fill(1, 300 * RATE, 360 * RATE);
  const name = `p${split}${Math.floor(index / 4)}/r${index}`;
  // A recording and its annotation lie beside, with the sizes and hashes that the entry knows.
  const path = join(folder, 'data', `${name}.edf`);
  mkdirSync(dirname(path), { recursive: true });
  const content = `${split}${index}`;
  writeFileSync(path, content);
  writeFileSync(join(dirname(path), `r${index}.csv_bi`), 'y');
  const input = { name: `r${index}.edf`, sha256: sha256(content), bytes: content.length };
  const annotation = { name: `r${index}.csv_bi`, sha256: sha256('y'), bytes: 1 };
  await writeEntry(join(folder, split, `${name}.npz`), {
    signal: new Int16Array(ROWS),
    labels,
    segments: [{ firstRow: 0, rows: ROWS, startSample: 0 }],
    scale: 1,
    provenance: testProvenance({
      recording: input,
      annotations: [{ ...annotation, format: 'tusz-csv_bi', role: 'seizures' }],
      key: `${split}${index}`,
      preprocessing: settingsRecord({ ...preprocessing, sampling_rate: RATE }),
      channels: ['Cz'],
      sampling_rate: RATE,
      patient: `${split}${Math.floor(index / 4)}`,
      recorded_s: ROWS / RATE,
      seizure_s_by_label: { seiz: 60 },
    }),
  });
}

const configPath = join(folder, 'config.yaml');
if (!existsSync(configPath)) {
  for (const [split, count] of Object.entries(RECORDINGS)) {
    for (let index = 0; index < count; index++) await writeRecording(split, index);
    await scanSplit(join(folder, split), SHAPE);
  }
  writeFileSync(configPath, JSON.stringify(config));
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
for (const words of [
  ['doctor', configPath],
  ['doctor', folder],
  ['scan-cache', '--cache-dir', folder, '--config', configPath, '--check'],
])
  for (let repeat = 0; repeat < 3; repeat++) {
    const started = performance.now();
    const { status, stdout } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });
    const seconds = (performance.now() - started) / 1000;
    console.log(`${words[0]} ${words[1]}: ${seconds.toFixed(2)} s, exit code ${status}`);
    if (status !== 0) console.log(stdout.slice(0, 2000));
  }

const loaded = await loadConfig(configPath);
const before = () =>
  findBeforeTraining({
    path: configPath,
    set: [],
    environment: readEnvironment({}),
    surroundings: { isCloud: false, windowsProfile: null },
    hasTerminal: false,
    now: new Date(),
  });
// The first in a process loads libtorch and compiles.
await openTrainingData(loaded.config, await before());
for (let repeat = 0; repeat < 3; repeat++)
  for (const isShared of [true, false]) {
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    const { looks } = await before();
    await openTrainingData(loaded.config, isShared ? { looks } : {});
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `a start, entries looked at ${isShared ? 'once' : 'twice'}: ${((performance.now() - started) / 1000).toFixed(2)} s, processor ${((user + system) / 1e6).toFixed(2)} s`,
    );
  }
