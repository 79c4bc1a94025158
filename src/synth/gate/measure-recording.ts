import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { configSchema } from '../../config/index.ts';
import { openEdf } from '../../edf/index.ts';
import { InputError, messageOf } from '../../errors.ts';
import { preprocess } from '../../signal/index.ts';
import { EvolutionMeter } from './evolution.ts';
import { type WindowMeasures, WindowMeter } from './window-features.ts';

export const WINDOW_S = 10;
const RATE = 256;

/** What the gate needs of a recording's truth; everything else is passed over. */
const truthSchema = z.object({
  format: z.literal('bgb-synth-truth'),
  patient: z.string(),
  duration_s: z.number(),
  events: z.array(z.object({ kind: z.string(), type: z.string(), start_s: z.number(), end_s: z.number() })),
});

/** A recording as the gate sees it. */
export interface MeasuredRecording {
  readonly name: string;
  readonly patient: string;
  readonly windows: readonly WindowMeasures[];
  /** Of each window: 1 seizure for at least half of it, 0 without any, 2 in between. */
  readonly labels: Uint8Array;
  readonly seizures: readonly { readonly startS: number; readonly endS: number }[];
  /** Evolution of seizures and of negatives, by type; null where too short. */
  readonly events: readonly {
    readonly kind: string;
    readonly type: string;
    readonly evolution: number | null;
  }[];
}

/** Measures a recording of a synthetic corpus: microvolts, double banana, 0.5 to 70 Hz, in windows of 10 s. */
export async function measureRecording(base: string, name: string): Promise<MeasuredRecording> {
  const truth = await readTruth(`${base}.json`);
  const { use_mne: _, ...defaults } = configSchema.parse({}).preprocessing;
  const { signal, scale, channels } = await preprocess(await openEdf(`${base}.edf`), {
    ...defaults,
    sampling_rate: RATE,
    montage: 'double-banana',
    bandpass: [0.5, 70],
    normalize: 'none',
  });
  const count = channels.length;
  const samples = WINDOW_S * RATE;
  const meter = new WindowMeter(samples, count, RATE);
  const windows: WindowMeasures[] = [];
  for (let first = 0; (first + samples) * count <= signal.length; first += samples)
    windows.push(meter.measure((row, channel) => signal[(first + row) * count + channel]! * scale));
  const planned = truth.events.filter(({ kind }) => kind !== 'artefact');
  const seizures = planned
    .filter(({ kind }) => kind === 'seizure')
    .map(({ start_s, end_s }) => ({ startS: start_s, endS: end_s }));
  const evolution = new EvolutionMeter((row, channel) => signal[row * count + channel]! * scale, {
    rows: signal.length / count,
    channels: count,
    rate: RATE,
  });
  return {
    name,
    patient: truth.patient,
    windows,
    labels: Uint8Array.from(windows, (_, index) => labelOf(index * WINDOW_S, seizures)),
    seizures,
    events: planned.map(({ kind, type, start_s, end_s }) => ({
      kind,
      type,
      evolution: evolution.score(start_s, end_s),
    })),
  };
}

function labelOf(startS: number, seizures: MeasuredRecording['seizures']): number {
  const seizureS = seizures.reduce(
    (sum, each) => sum + Math.max(0, Math.min(each.endS, startS + WINDOW_S) - Math.max(each.startS, startS)),
    0,
  );
  return seizureS >= WINDOW_S / 2 ? 1 : seizureS === 0 ? 0 : 2;
}

async function readTruth(path: string) {
  try {
    return truthSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new InputError(
      'SYNTH_TRUTH',
      `Cannot read the truth of a recording, ${path}: ${messageOf(cause)}. The gate needs a corpus of bgb synth; run it again there.`,
      { cause },
    );
  }
}
