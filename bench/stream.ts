/**
 * How much faster than real time `bgb stream` is on one core, beside `bgb predict` of the same recording in the same run:
 * the demo's model with causal filters (untrained: the speed is the same), EEG of the sample repeated.
 *
 *     taskset -c 0 bash scripts/with-node.sh bench/stream.ts [MINUTES]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../src/config/index.ts';
import { openEdf } from '../src/edf/index.ts';
import { createModel } from '../src/model/index.ts';
import { postprocessCurve } from '../src/post/index.ts';
import { preprocess } from '../src/signal/index.ts';
import { EdfReader, growingFile, streamSeizures } from '../src/stream/index.ts';
import { setThreads } from '../src/torch/index.ts';
import { type OpenedPredictor, predictRecording } from '../src/train/index.ts';

const minutes = Number(process.argv[2] ?? 30);
const root = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-bench-stream-'));
const path = join(folder, 'long.edf');

/** The 37 s of a clip again and again. */
function writeLong(): void {
  const clip = readFileSync(root('data/sample/chb01/chb01_04_clip.edf'));
  const headerBytes = Number(clip.toString('latin1', 184, 192));
  const turns = Math.ceil((60 * minutes) / 37);
  const header = Buffer.from(clip.subarray(0, headerBytes));
  header.write(String(turns * 37).padEnd(8), 236, 'latin1');
  writeFileSync(path, Buffer.concat([header, ...Array<Buffer>(turns).fill(clip.subarray(headerBytes))]));
}

async function predictor(set: readonly string[]): Promise<OpenedPredictor> {
  const { config } = await loadConfig(root('configs/demo/demo.yaml'), {
    set: ['preprocessing.filter=causal', ...set],
  });
  const model = createModel(config.model, { channels: 18, seed: 0 });
  const state = {} as OpenedPredictor['state'];
  const { hysteresis } = config.postprocessing;
  return {
    config,
    state,
    path: 'untrained',
    sha256: '',
    references: null,
    thresholds: {
      state: 'untuned',
      tau_on: hysteresis.tau_on,
      tau_off: hysteresis.tau_off,
      tuned_on: null,
      shared: null,
    },
    predictor: { forward: (signal) => model.forward(signal), device: 'cpu', precision: null, batchSize: 1 },
  };
}

const cpuS = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function timed(name: string, recordedS: number, work: () => Promise<string>): Promise<void> {
  const [wall, cpu] = [performance.now(), cpuS()];
  const note = await work();
  const [wallS, usedS] = [(performance.now() - wall) / 1000, cpuS() - cpu];
  const peak = process.memoryUsage().rss / 2 ** 20;
  console.log(
    `${name.padEnd(34)} ${(recordedS / usedS).toFixed(0).padStart(6)} times real time (processor), ${wallS.toFixed(1)} s, ${note}; ${peak.toFixed(0)} MiB now`,
  );
}

async function streamed(opened: OpenedPredictor, isEarly: boolean): Promise<string> {
  const reader = new EdfReader(path);
  const signal = new AbortController().signal;
  const bytes = growingFile(path, {
    isFollowing: false,
    idleTimeoutS: 0,
    pollS: 0,
    signal,
    isComplete: () => true,
  });
  const request = { detector: opened, bytes, reader, path, isEarly, isReferenceForced: false, signal };
  let note = '';
  for await (const line of streamSeizures({ ...request, now: () => performance.now() }))
    if (line.type === 'end')
      note = `a window ${line.latency_ms!.median.toFixed(1)} ms, at most ${line.latency_ms!.largest.toFixed(1)} ms`;
  return note;
}

async function offline(opened: OpenedPredictor, batchSize: number): Promise<string> {
  const { config } = opened;
  const prepared = await preprocess(
    await openEdf(path),
    { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
    { isQuantised: false },
  );
  const recording = { ...prepared, name: path, channels: prepared.channels.length };
  const curve = predictRecording(
    { ...opened.predictor, batchSize },
    recording,
    config.postprocessing.stitching,
  );
  return `${postprocessCurve(curve, config.postprocessing).length} events`;
}

try {
  writeLong();
  setThreads(1);
  const { durationS } = await openEdf(path);
  for (const [name, set] of [
    ['4 s windows every 1 s', []],
    ['60 s windows every 10 s', ['data.window_size=60', 'data.stride=10']],
  ] as const) {
    const opened = await predictor(set);
    console.log(`${name}, ${(durationS / 60).toFixed(0)} min, 18 channels at 256 Hz`);
    await timed('stream', durationS, () => streamed(opened, false));
    await timed('stream --early', durationS, () => streamed(opened, true));
    await timed('predict, windows one by one', durationS, () => offline(opened, 1));
    await timed('predict, 16 windows at once', durationS, () => offline(opened, 16));
  }
} finally {
  rmSync(folder, { recursive: true });
}
