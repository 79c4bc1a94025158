import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeEntry } from '../cache/index.ts';
import { testProvenance } from '../cache/testing/provenance.ts';
import { configSchema } from '../config/index.ts';
import { evaluateDev } from './evaluate-dev.ts';
import { FEWEST_HOURS_FOR_THREADS } from './measuring.ts';
import type { Predictor } from './predict.ts';

const config = configSchema.parse({
  postprocessing: { stitching: { window_size: 64, stride: 32 } },
  evaluation: { fa_rates: [1] },
});
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-dev-'));
  const rows = 1000;
  await writeEntry(join(folder, 'a.npz'), {
    signal: new Int16Array(rows),
    labels: Uint8Array.from({ length: rows }, (_, row) => (row >= 300 && row < 500 ? 1 : 0)),
    segments: [{ firstRow: 0, rows, startSample: 0 }],
    scale: 1,
    provenance: {
      ...testProvenance({ recorded_s: 100, seizure_s_by_label: { seiz: 20 } }),
      ...{ patient: 'p', recorded_s: 100, seizures: 1, clipped_share: 0, preprocessing: {}, label_map: {} },
      ...{ seizure_s_by_label: { seiz: 20 }, excluded_s_by_label: {}, events_lost: {}, notices: [] },
      recording: { name: 'a.edf', sha256: 's', bytes: 1 },
      annotations: [{ name: 'a.csv_bi', sha256: 't', bytes: 2, format: 'tusz-csv_bi', role: 'seizures' }],
      scored_as_background: [],
    },
  });
});
afterAll(() => rm(folder, { recursive: true }));

/** Knows nothing: its AUROC is a half, its loss ln 2. */
const undecided: Predictor = {
  forward: (signal) =>
    signal
      .slice(2, 0, 1)
      .mul(0)
      .reshape(...signal.shape.slice(0, 2)),
  device: 'cpu',
  precision: null,
  batchSize: 8,
};

test.each([
  [1, 0],
  [20, FEWEST_HOURS_FOR_THREADS],
])('%i recordings are measured, by threads where they are long', async (count, hours) => {
  const rows = (hours * 3600 * config.data.sampling_rate) / count;
  const dev = {
    folder,
    recordings: new Array<string>(count).fill('a.npz'),
    recordingRows: new Array<number>(count).fill(rows),
  };
  let seen = 0;
  const progress = { isInterrupted: () => false, onRecording: () => seen++ };
  const metrics = await evaluateDev(dev, undecided, config, progress);
  expect(metrics).toMatchObject({ auroc: 0.5, average_precision: 0.2, highest_probability: 0.5 });
  expect(metrics!.loss).toBeCloseTo(Math.LN2, 12);
  expect(seen).toBe(count);
  expect(await evaluateDev(dev, undecided, config, { ...progress, isInterrupted: () => true })).toBeNull();
});
