/**
 * The cache beside what is in use elsewhere (MNE, SciPy, compressed .npz; bench/cache_elsewhere.py), on the same
 * recording in the same run: 20 min of 22 channels at 250 Hz, random walks with a mains hum and two seizures.
 *
 *     PYTHON=/usr/bin/python3 bash scripts/with-node.sh bench/cache.ts [folder]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildEntry, Entry, scanSplit, writeEntry } from '../src/cache/index.ts';
import { configSchema } from '../src/config/index.ts';
import { openWindows, WindowReader } from '../src/data/index.ts';
import { writeEdf } from '../src/edf/index.ts';
import { uniform } from '../src/random/index.ts';
import { montageChannels } from '../src/signal/index.ts';

const folder = process.argv[2] ?? join(tmpdir(), 'bgb-bench-cache');
const RATE = 250;
const MINUTES = 20;
const SCAN_ENTRIES = 4667;
const SHAPE = { length: 15360, stride: 2560 };

const { preprocessing, data } = configSchema.parse({});
const settings = { ...preprocessing, sampling_rate: data.sampling_rate };
const names = [...montageChannels({ montage: '10-20', channels: null }), 'A1', 'A2', 'EKG1'];

/** A recording in TUSZ's form, `hours` long. */
async function writeRecording(path: string, hours: number): Promise<void> {
  const samples = Math.round(hours * 3600 * RATE);
  mkdirSync(join(path, '..'), { recursive: true });
  await writeEdf(path, {
    patient: 'X X X X',
    recording: 'Startdate X X X X',
    startedAt: '2002-03-02T10:20:30',
    recordDurationS: 1,
    signals: names.map((name, channel) => {
      const digital = new Int16Array(samples);
      let walk = 0;
      for (let i = 0; i < samples; i++) {
        walk = 0.98 * walk + 60 * (uniform(1, channel, i) - 0.5);
        digital[i] = Math.round(10 * (walk + 20 * Math.sin((2 * Math.PI * 60 * i) / RATE)));
      }
      return {
        label: `EEG ${name.toUpperCase()}-REF`,
        dimension: 'uV',
        physicalMin: -3276.8,
        physicalMax: 3276.7,
        digitalMin: -32768,
        digitalMax: 32767,
        samplesPerRecord: RATE,
        digital,
        transducer: '',
        prefiltering: '',
      };
    }),
  });
  writeFileSync(
    path.replace(/\.edf$/, '.csv_bi'),
    'channel,start_time,stop_time,label,confidence\nTERM,100,160,seiz,1.0\nTERM,700,760,seiz,1.0\n',
  );
}

const name = 'aaaaaaac_s001_t000.edf';
const source = join(folder, 'edf');
const cacheDir = join(folder, 'cache');
const build = (target = cacheDir, recording = name) =>
  buildEntry({
    dataDir: source,
    name: recording,
    entry: recording,
    patient: 'aaaaaaac',
    cacheDir: target,
    settings,
    labels: {},
  });

async function timed(body: () => Promise<unknown>, repeats = 5): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await body();
    times.push((performance.now() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(repeats / 2)]!;
}

rmSync(folder, { recursive: true, force: true });
await writeRecording(join(source, name), MINUTES / 60);
await build();
const buildS = await timed(async () => {
  rmSync(cacheDir, { recursive: true });
  await build();
});
const path = join(cacheDir, name.replace(/\.edf$/, '.npz'));
const megabytes = statSync(path).size / 1e6;

const { manifest } = await scanSplit(cacheDir, SHAPE);
const set = openWindows(cacheDir, manifest);
const order = Array.from({ length: 2000 }, (_, i) => Math.floor(uniform(2, i) * set.windows.length));
let windowMs: number;
{
  using entry = new Entry(path);
  const window = new Int16Array(SHAPE.length * entry.channels);
  const read = () => {
    for (const index of order) entry.readSignal(set.windows[index]!.start, SHAPE.length, window);
  };
  read();
  windowMs = ((await timed(async () => read())) * 1000) / order.length;
}

// As many recordings as TUSZ's training split has, a minute each so that they fit on a disk; headers are as long.
const many = join(folder, 'many');
{
  using entry = new Entry(path);
  const rows = 60 * 256;
  const signal = new Int16Array(rows * entry.channels);
  entry.readSignal(0, rows, signal);
  for (let i = 0; i < SCAN_ENTRIES; i++)
    await writeEntry(join(many, `p${Math.floor(i / 8)}/${i}.npz`), {
      signal,
      labels: new Uint8Array(rows).fill(i % 2, rows / 2),
      segments: [{ firstRow: 0, rows, startSample: 0 }],
      scale: entry.scale,
      provenance: { ...entry.provenance, key: String(i), recorded_s: 60 },
    });
}
// 70 windows an entry, as 20 min of 60 s windows every 10 s have about.
const manyShape = { length: 256, stride: 218 };
const scanS = await timed(() => scanSplit(many, manyShape));
const manySet = openWindows(
  many,
  (await scanSplit(many, { length: SHAPE.length, stride: SHAPE.stride })).manifest,
);
const batches = Array.from({ length: 300 }, (_, i) =>
  Array.from({ length: 64 }, (_, j) => Math.floor(uniform(3, i, j) * manySet.windows.length)),
);
const rates: Record<number, number> = {};
for (const workers of [1, 2]) {
  using reader = new WindowReader(manySet, { workers, prefetch: 2, isPersistent: true, batchSize: 64 });
  const pass = async () => {
    reader.plan(batches);
    for (const _ of batches) reader.next().release();
  };
  await pass();
  rates[workers] = (64 * batches.length) / (await timed(pass, 3));
}

/** Resident memory of a process that builds one recording, in MB. */
async function builderMemory(session: number, hours: number): Promise<number> {
  const recording = `aaaaaaac_s00${session}_t000.edf`;
  await writeRecording(join(source, recording), hours);
  const task = {
    dataDir: source,
    name: recording,
    entry: recording,
    patient: 'aaaaaaac',
    cacheDir: join(folder, 'long'),
    settings,
    labels: {},
  };
  const child = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { buildEntry } from ${JSON.stringify(new URL('../src/cache/index.ts', import.meta.url).href)};
       const { outcome, reason } = await buildEntry(${JSON.stringify(task)});
       if (outcome !== 'built') throw new Error(reason);
       console.log(process.resourceUsage().maxRSS);`,
    ],
    { encoding: 'utf8' },
  );
  if (child.status !== 0) throw new Error(child.stderr);
  return (Number(child.stdout) * 1024) / 1e6;
}

// Just short enough that its filtered samples are kept for the statistics, and far beyond.
const memory = { '1.4_h': await builderMemory(2, 1.4), '8_h': await builderMemory(3, 8) };

console.log(
  JSON.stringify(
    {
      build_s: buildS,
      cache_mb: megabytes,
      window_ms: windowMs,
      windows_per_s: rates,
      scan_s: scanS,
      scan_entries: SCAN_ENTRIES,
      build_rss_mb: memory,
    },
    null,
    1,
  ),
);
const elsewhere = spawnSync(
  process.env.PYTHON ?? 'python3',
  [
    new URL('./cache_elsewhere.py', import.meta.url).pathname,
    join(source, name),
    join(folder, 'elsewhere.npz'),
    path,
  ],
  { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' } },
);
process.stdout.write(elsewhere.stdout);
process.stderr.write(elsewhere.status === 0 ? '' : elsewhere.stderr);
rmSync(folder, { recursive: true });
