/**
 * Listing runs from the ends of their logs, beside reading the logs whole, and following one long log.
 *
 *     bash scripts/with-node.sh bench/runs.ts [RUNS] [LINES]
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRuns, type RunCurves, readRunEvents, watchRun } from '../src/runs/index.ts';

const [runs = 100, lines = 10_000] = process.argv.slice(2).map(Number);
const CONFIG =
  'training: {epochs: 100, batch_size: 8, gradient_accumulation_steps: 1, early_stopping: null}\n';

/** Folders of runs whose logs have so many steps. */
async function makeRuns(folder: string, steps: number, count: number): Promise<void> {
  const at = new Date().toISOString();
  const dataSet = {
    seq: 0,
    at,
    kind: 'data_set',
    step: 0,
    partial_seizure: 40,
    full_seizure: 10,
    no_seizure: 50,
  };
  const step = {
    learning_rate: 3e-4,
    gradient_norm: 0.123456789,
    positive_share: 0.0375,
    windows_per_s: 812.3,
  };
  const more = { waiting_share: 0.003, copying_share: 0.01, computing_share: 0.987, gpu_utilisation: 0.97 };
  const text = Array.from({ length: steps }, (_, i) =>
    JSON.stringify({
      seq: i + 1,
      at,
      kind: 'step',
      step: i + 1,
      loss: 1 / (i + 1),
      ...step,
      ...more,
      windows: 'abcdef0123456789',
    }),
  ).join('\n');
  for (let run = 0; run < count; run++) {
    const path = join(folder, `run-${run}`);
    await mkdir(path, { recursive: true });
    const identity = { format: 'bgb-run', version: 1, id: String(run), created_at: at, data: {} };
    await writeFile(join(path, 'run.json'), JSON.stringify(identity));
    await writeFile(join(path, 'config.yaml'), CONFIG);
    await writeFile(join(path, 'done.json'), '{}');
    await writeFile(join(path, 'events.jsonl'), `${JSON.stringify(dataSet)}\n${text}\n`);
  }
}

async function seconds(body: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let repeat = 0; repeat < 3; repeat++) {
    const start = performance.now();
    await body();
    times.push((performance.now() - start) / 1000);
  }
  return Math.min(...times).toFixed(3);
}

const folder = await mkdtemp(join(tmpdir(), 'bgb-bench-runs-'));
try {
  const [short, long, one] = ['short', 'long', 'one'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await makeRuns(short, 100, runs);
  await makeRuns(long, lines, runs);
  const list = (at: string) => seconds(() => listRuns(at, new Date()));
  console.log(`${runs} runs of 100 steps, listed: ${await list(short)} s`);
  console.log(`${runs} runs of ${lines} steps, listed: ${await list(long)} s`);
  const whole = async () => {
    for (let run = 0; run < runs; run++)
      for await (const _ of readRunEvents(join(long, `run-${run}`))) {
      }
  };
  console.log(`the same, logs read whole: ${await seconds(whole)} s`);
  await makeRuns(one, 100 * lines, 1);
  let curves: RunCurves | null = null;
  const options = { everyMs: 10, now: () => new Date(), signal: new AbortController().signal };
  const watch = async () => {
    for await (const watched of watchRun(join(one, 'run-0'), options)) curves = watched.curves;
  };
  const watched = await seconds(watch);
  const { length } = (curves as RunCurves | null)!.loss;
  console.log(`one run of ${100 * lines} steps, watched: ${watched} s, ${length} points kept`);
} finally {
  await rm(folder, { recursive: true });
}
