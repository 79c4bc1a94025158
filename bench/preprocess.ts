/**
 * How long 20 min of 22 channels at 250 Hz, 19 of them used, take from EDF to what the model sees, for the default
 * settings and others: processor time, which other work on the machine hardly changes.
 *
 *   taskset -c 0 bash scripts/with-node.sh bench/preprocess.ts
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../src/config/index.ts';
import { openEdf, writeEdf } from '../src/edf/index.ts';
import { montageChannels, type PreprocessingSettings, preprocess } from '../src/signal/index.ts';

const RATE = 250;
const SECONDS = 1200;
const REPEATS = 8;
const { use_mne: _, ...defaults } = configSchema.parse({}).preprocessing;
const settings: PreprocessingSettings = { ...defaults, sampling_rate: 256 };
const variants: Record<string, Partial<PreprocessingSettings>> = {
  defaults: {},
  'filter: zero_phase': { filter: 'zero_phase' },
  'resample: fft': { resample: 'fft' },
  'normalize: robust': { normalize: 'robust' },
  'normalize: running': { normalize: 'running' },
  'reference: average': { reference: 'average' },
  'montage: double-banana': { montage: 'double-banana' },
};

const folder = await mkdtemp(join(tmpdir(), 'bgb-bench-'));
try {
  const path = join(folder, 'twenty-minutes.edf');
  await writeEdf(path, {
    patient: 'X',
    recording: 'X',
    startedAt: '2000-01-01T00:00:00',
    recordDurationS: 1,
    signals: [...montageChannels(settings), 'A1', 'A2', 'EKG1'].map((name, channel) => ({
      label: `EEG ${name.toUpperCase()}-REF`,
      dimension: 'uV',
      physicalMin: -3276.8,
      physicalMax: 3276.7,
      digitalMin: -32768,
      digitalMax: 32767,
      samplesPerRecord: RATE,
      digital: Int32Array.from(
        { length: RATE * SECONDS },
        (_, i) => 300 * Math.sin(0.1 * i * (channel + 1)) + ((i * 7919 + channel * 104_729) % 401) - 200,
      ),
    })),
  });
  for (const [name, changed] of Object.entries(variants)) {
    const times: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const start = process.cpuUsage();
      await preprocess(await openEdf(path), { ...settings, ...changed });
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / 1000);
    }
    const median = times.toSorted((a, b) => a - b)[REPEATS / 2]!;
    console.log(`${name.padEnd(24)} first ${times[0]!.toFixed(0)} ms, median ${median.toFixed(0)} ms`);
  }
} finally {
  await rm(folder, { recursive: true });
}
