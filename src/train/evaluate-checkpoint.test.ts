import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTuszCsv, writeCsvBi, writeTuszCsv } from '../annotations/index.ts';
import { writeEdf } from '../edf/index.ts';
import { uniform } from '../random/index.ts';
import type { EvaluationDocument } from '../score/index.ts';
import { type EvaluationRequest, evaluateCheckpoint } from './evaluate-checkpoint.ts';
import { saveUntrained } from './testing/checkpoint.ts';

const RATE = 64;
const folder = mkdtempSync(join(tmpdir(), 'bgb-evaluate-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CHANNELS = 'Fp1 F3 C3 P3 F7 T3 T5 O1 Fz Cz Pz Fp2 F4 C4 P4 F8 T4 T6 O2'.split(' ');

/** A recording of noise with these seizures; null is one without annotation. */
async function record(
  name: string,
  seconds: number,
  events: readonly { startS: number; endS: number; label: string }[] | null,
): Promise<void> {
  const path = join(folder, `${name}.edf`);
  mkdirSync(dirname(path), { recursive: true });
  // One data record that may have a fraction of a second, else one a second.
  const isWhole = Number.isInteger(seconds);
  const samples = Math.round(seconds * 100);
  await writeEdf(path, {
    patient: 'X X X X',
    recording: 'Startdate X X X X',
    startedAt: '2005-02-03T04:05:06',
    recordDurationS: isWhole ? 1 : seconds,
    signals: CHANNELS.map((channel, index) => ({
      label: `EEG ${channel}-REF`,
      ...{
        dimension: 'uV',
        physicalMin: -3276.8,
        physicalMax: 3276.7,
        digitalMin: -32768,
        digitalMax: 32767,
      },
      samplesPerRecord: isWhole ? 100 : samples,
      digital: Int32Array.from(
        { length: samples },
        (_, sample) => Math.floor(2000 * uniform(index, sample)) - 1000,
      ),
    })),
  });
  if (events === null) return;
  const content = { name, durationS: seconds };
  await writeCsvBi(path.replace('.edf', '.csv_bi'), {
    ...content,
    events: events.map((event) => ({ ...event, confidence: 1 })),
  });
  if (new Set(events.map(({ label }) => label)).size > 1)
    await writeTuszCsv(path.replace('.edf', '.csv'), {
      ...content,
      channels: [{ channel: 'FP1-F7', events }],
    });
}

let checkpoint: string;
beforeAll(async () => {
  const seizure = (startS: number, endS: number, label = 'seiz') => ({ startS, endS, label });
  await record('mixed/aaaaaaab_s001_t000', 1, [seizure(0.25, 0.75)]);
  await record('mixed/aaaaaaac_s001_t000', 59.99, [seizure(10, 30)]);
  await record('mixed/aaaaaaad_s001_t000', 67, [seizure(10, 20, 'fnsz'), seizure(60, 67, 'cpsz')]);
  await record('mixed/aaaaaaad_s001_t001', 30, []);
  const whole = readFileSync(join(folder, 'mixed/aaaaaaad_s001_t001.edf'));
  writeFileSync(join(folder, 'mixed/aaaaaaae_s001_t000.edf'), whole.subarray(0, 256 * (CHANNELS.length + 1)));
  await record('mixed/aaaaaaaf_s001_t000', 10, null);
  await record('quiet/aaaaaaad_s001_t001', 30, []);
  await record('unlabelled/aaaaaaaf_s001_t000', 10, null);
  await record('nameless/one', 10, [seizure(2, 4)]);
  checkpoint = await saveUntrained(join(folder, 'run'), [
    'data.sampling_rate=64',
    'preprocessing.bandpass=[0.5, 20]',
    'preprocessing.notch_freq=null',
    'postprocessing.hysteresis.tau_on=0.99',
    'postprocessing.hysteresis.tau_off=0.98',
    'postprocessing.duration.min_duration_s=0',
    'evaluation.save_predictions=true',
  ]);
});

const evaluate = (data: string, more: Partial<EvaluationRequest> = {}) =>
  evaluateCheckpoint({
    ...{ checkpoint, data: join(folder, data), isReferenceForced: false, patientPattern: null },
    ...{ output: null, device: 'cpu', signal: new AbortController().signal, onProgress: () => undefined },
    ...more,
  });

/** Shape and bytes of elements of a .npy file. */
function npy(path: string): { shape: string; bytes: number } {
  const bytes = readFileSync(path);
  const header = bytes.subarray(10, 10 + bytes.readUInt16LE(8)).toString('latin1');
  return { shape: /\(([\d, ]+)\)/.exec(header)![1]!, bytes: bytes.length - 10 - header.length };
}

test('G12, G15-G18: recordings of 0 s, 1 s, 59.99 s and 67 s: each sample once, or a reason; types; excerpts of what is missed; how events were made', async () => {
  const output = join(folder, 'output');
  const document = await evaluate('mixed', { output });
  expect(JSON.parse(readFileSync(join(output, 'evaluation.json'), 'utf8'))).toEqual(document);
  expect(document.left_out).toEqual([
    expect.stringMatching(/aaaaaaae_s001_t000.*The recording is empty/),
    expect.stringMatching(/aaaaaaaf_s001_t000.*no annotation was found/),
  ]);
  expect(
    document.per_recording.map(({ recording, duration_s, seizures }) => [recording, duration_s, seizures]),
  ).toEqual([
    ['aaaaaaab_s001_t000.npz', 1, 1],
    // 59.99 s at 64 Hz are 3,839.36 samples.
    ['aaaaaaac_s001_t000.npz', 60, 1],
    ['aaaaaaad_s001_t000.npz', 67, 2],
    ['aaaaaaad_s001_t001.npz', 30, 0],
  ]);
  expect(document.postprocessing).toMatchObject({
    hysteresis: { tau_on: 0.99, tau_off: 0.98 },
    duration: { min_duration_s: 0 },
  });
  for (const { predictions, duration_s } of document.per_recording)
    expect(await readTuszCsv(join(output, predictions!))).toMatchObject({ durationS: duration_s });
  for (const { recording, probabilities, duration_s } of document.per_recording) {
    // One number of 16 bit for each sample at 64 Hz.
    const { shape, bytes } = npy(join(output, probabilities!));
    const samples = recording.startsWith('aaaaaaac') ? 3840 : 64 * duration_s;
    expect([shape, bytes]).toEqual([`${samples},`, 2 * samples]);
  }
  // 0.5, 20, 10 and 7 s of 158 s.
  expect(document.prevalence).toBeCloseTo(37.5 / 158, 3);
  expect(document.sensitivity_by_type.map(({ group, seizures }) => [group, seizures])).toEqual([
    ['cpsz', 1],
    ['fnsz', 1],
    ['seiz', 2],
  ]);
  expect(document.missed_seizures.map(({ start_s, type }) => [start_s, type])).toEqual([
    [0.25, 'seiz'],
    [10, 'seiz'],
    [10, 'fnsz'],
    [60, 'cpsz'],
  ]);
  expect(document).toMatchObject({ detection_delay: { detected: 0, median_s: null }, false_alarms: [] });
  expect(document.channels).toHaveLength(18);
  // 20 s before and after, within the recording: 1 s, 50 s, 40 s, 27 s.
  expect(document.missed_seizures.map(({ excerpt }) => excerpt!.start_s)).toEqual([0, 0, 0, 40]);
  for (const [index, seconds] of [1, 50, 40, 27].entries()) {
    const { eeg, probability, sample_rate_hz } = document.missed_seizures[index]!.excerpt!;
    expect(sample_rate_hz).toBe(RATE);
    const rows = seconds * RATE;
    expect(npy(join(output, eeg))).toEqual({ shape: `${rows}, 18`, bytes: rows * 18 * 2 });
    expect(npy(join(output, probability))).toEqual({ shape: `${rows},`, bytes: rows * 4 });
  }
  for (const { value, reason } of document.sensitivity_at_fa)
    expect([value, reason]).toEqual([null, 'less than 24 h of seizure-free EEG']);
});

test('no seizure at all; no label; no name that says whose it is', async () => {
  const quiet: EvaluationDocument = await evaluate('quiet');
  expect(quiet).toMatchObject({ seizures: 0, prevalence: 0, sensitivity_by_type: [], missed_seizures: [] });
  expect(quiet.figures.event_sensitivity_any_overlap).toMatchObject({
    value: null,
    reason: 'no reference event',
  });
  await expect(evaluate('unlabelled')).rejects.toThrow(
    /no annotation was found, and unlabelled is not seizure-free/,
  );
  await expect(evaluate('nameless')).rejects.toThrow(
    /Whose recording is one\.edf\?.*--patient-pattern says it/,
  );
  const named = await evaluate('nameless', { patientPattern: '^([a-z]+)' });
  expect(named.per_patient).toMatchObject([{ patient: 'one', seizures: 1, detected: 0 }]);
});

test('what comes from outside while it predicts, as Ctrl-C does, ends it before the next recording', async () => {
  const stopping = new AbortController();
  let predicted = 0;
  const onProgress = () => {
    predicted++;
    // A signal's listener runs in a turn of its own, too.
    setImmediate(() => stopping.abort());
  };
  await expect(evaluate('mixed', { signal: stopping.signal, onProgress })).rejects.toThrow(/abort/i);
  expect(predicted).toBe(1);
});
