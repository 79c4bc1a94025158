import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeEdf } from '../index.ts';

/** Bytes of a header and of what follows, to be damaged on purpose. */
export interface Patient {
  readonly bytes: Buffer;
  /** Overwrites a field, padded with spaces. */
  put(at: number, width: number, text: string): void;
}

/** Where fields of the files below begin; two signals, three with annotations. */
export const FIELD = {
  version: 0,
  date: 168,
  time: 176,
  headerBytes: 184,
  reserved: 192,
  records: 236,
  recordDuration: 244,
  signals: 252,
} as const;

/** Byte of a field of signal `index`: widths of all fields ahead of it, for all signals. */
export function signalField(name: keyof typeof AHEAD, index: number, signals: number): number {
  return 256 + signals * AHEAD[name] + index * (name === 'label' ? 16 : 8);
}
const AHEAD = {
  label: 0,
  dimension: 96,
  physicalMin: 104,
  physicalMax: 112,
  digitalMin: 120,
  digitalMax: 128,
  samplesPerRecord: 216,
} as const;

export const DIGITAL = { A: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], B: [-1, -2, -3, -4, -5, -6] } as const;

/** Runs `use` with a folder that is removed afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bgb-edf-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A recording of three records of 1 s, signal A of 4 and B of 2 samples a record, one unit a digit; with
 * annotations (EDF+C) or without.
 */
export async function smallRecording(folder: string, hasAnnotations: boolean): Promise<Patient> {
  const path = join(folder, 'small.edf');
  const signal = { dimension: 'uV', physicalMin: -100, physicalMax: 100, digitalMin: -100, digitalMax: 100 };
  await writeEdf(path, {
    patient: 'X X X X',
    recording: 'Startdate 02-MAR-2002 X X X',
    startedAt: '2002-03-02T10:20:30',
    recordDurationS: 1,
    signals: [
      { ...signal, label: 'A', samplesPerRecord: 4, digital: DIGITAL.A },
      { ...signal, label: 'B', samplesPerRecord: 2, digital: DIGITAL.B },
    ],
    ...(hasAnnotations ? { annotations: [{ onsetS: 1.25, durationS: 0.5, text: 'sz' }] } : {}),
  });
  const bytes = await readFile(path);
  return {
    bytes,
    put(at, width, text) {
      bytes.write(text.padEnd(width), at, 'latin1');
    },
  };
}

export async function store(folder: string, bytes: Uint8Array, name = 'damaged.edf'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
