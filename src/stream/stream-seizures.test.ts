import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBgbJson } from '../annotations/index.ts';
import { openEdf, readSignals } from '../edf/index.ts';
import { openPredictor, predictRecordings } from '../train/index.ts';
import { saveUntrained } from '../train/testing/checkpoint.ts';
import { growingFile } from './growing-file.ts';
import { EdfReader, RawReader, type SampleReader } from './sample-reader.ts';
import { type StreamLine, streamSeizures } from './stream-seizures.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));
const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
const path = sample('chb01/chb01_04_clip.edf');
const bytes = readFileSync(path);
/** Records of 1 s, 37 of them. */
const headerBytes = Number(bytes.toString('latin1', 184, 192));
const recordBytes = (bytes.length - headerBytes) / 37;

let checkpoint: string;
let detector: Awaited<ReturnType<typeof openPredictor>>;
beforeAll(async () => {
  const set = [
    'preprocessing.normalize=running',
    'postprocessing.hysteresis.tau_on=1e-6',
    'postprocessing.hysteresis.tau_off=1e-7',
    'postprocessing.morphology.closing_kernel=1',
  ];
  checkpoint = await saveUntrained(join(folder, 'run'), set);
  detector = await openPredictor(checkpoint, 'cpu');
});

async function* pieces(content: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += length) yield content.slice(at, at + length);
}

async function run(
  reader: SampleReader,
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ lines: StreamLine[]; error: unknown }> {
  const lines: StreamLine[] = [];
  let ms = 0;
  const now = () => ms++;
  const request = {
    detector,
    bytes: input,
    reader,
    path: 'x',
    isEarly: false,
    isReferenceForced: false,
    signal,
    now,
  };
  try {
    for await (const line of streamSeizures(request)) lines.push(line);
  } catch (error) {
    return { lines, error };
  }
  return { lines, error: null };
}

const follow = (file: string, reader: EdfReader, more: object = {}) =>
  growingFile(file, {
    isFollowing: true,
    idleTimeoutS: 20,
    pollS: 0.02,
    signal: new AbortController().signal,
    isComplete: (declared) => reader.hasRecords(declared),
    ...more,
  });

/** As a recorder leaves it while it runs. */
function open(records: number): Buffer {
  const part = Buffer.from(bytes.subarray(0, headerBytes + records * recordBytes));
  part.write('-1      ', 236, 'latin1');
  return part;
}

/** What `bgb predict` finds in a file. */
async function predicted(input: string): Promise<[number, number, number | null][]> {
  const output = join(folder, 'predicted.json');
  await predictRecordings({
    checkpoint,
    input,
    output,
    format: 'json',
    device: 'cpu',
    isReferenceForced: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const { events } = await readBgbJson(output);
  return events.map(({ startS, endS, confidence }) => [startS, endS, confidence]);
}

const found = (lines: readonly StreamLine[]) =>
  lines.flatMap((line) => (line.type === 'event' ? [[line.start_s, line.end_s, line.confidence]] : []));

test.each(['chb01/chb01_18', 'chb02/chb02_16', 'chb03/chb03_01'])(
  'a recording with holes (%s): the events of bgb predict, none spans a hole',
  async (name) => {
    const file = sample(`${name}_clip_edfplusD.edf`);
    const { lines, error } = await run(new EdfReader('x'), pieces(readFileSync(file), 3001));
    expect(error).toBeNull();
    expect(found(lines).length).toBeGreaterThan(1);
    expect(found(lines)).toEqual(await predicted(file));
    const { durationS, segments } = await openEdf(file);
    const recorded = segments.reduce((sum, segment) => sum + segment.durationS, 0);
    expect(lines.at(-1)).toMatchObject({ outcome: 'ended', recorded_s: recorded });
    const last = lines.findLast((line) => line.type === 'event')!;
    expect(last.certain_at_s).toBe(durationS);
  },
);

test('the events of bgb predict; what was measured adds up', async () => {
  const { lines, error } = await run(new EdfReader('x'), pieces(bytes, 5000));
  expect(error).toBeNull();
  const [start, ...rest] = lines;
  expect(start).toMatchObject({ type: 'start', window_s: 4, stride_s: 2, reference: 'bipolar' });
  expect(found(lines)).toEqual(await predicted(path));
  // 37 s: windows of 4 s at 0, 2, ... 32, and one that ends with the recording.
  expect(rest.at(-1)).toMatchObject({
    type: 'end',
    outcome: 'ended',
    recorded_s: 37,
    windows: 18,
    seizures: 1,
  });
  // The clock goes on by 1 ms each time it is asked: every call took 1 ms, 37 records and the end.
  expect(rest.at(-1)).toMatchObject({
    processing_s: 0.038,
    real_time_factor: 37 / 0.038,
    latency_ms: { largest: 1 },
  });
});

test('plain numbers give the lines of the EDF that holds them; a cut within a sample is an error after them', async () => {
  const recording = await openEdf(path);
  const labels = recording.signals.map(({ label }, index) => (label === '-' ? `-${index}` : label));
  const unique = labels.map((label, index) => (labels.indexOf(label) < index ? `${label}-9` : label));
  const signals = await readSignals(
    recording,
    labels.map((_, index) => index),
    recording.segments[0]!,
  );
  const numbers = new Float64Array(signals.length * signals[0]!.length);
  signals.forEach((samples, channel) => {
    samples.forEach((value, sample) => {
      numbers[sample * signals.length + channel] = value;
    });
  });
  const layout = { channels: unique, sampleRate: 256, format: 'float64' as const };
  const content = new Uint8Array(numbers.buffer);
  const ofEdf = await run(new EdfReader('x'), pieces(bytes, 70_000));
  const whole = await run(new RawReader(layout, 'x'), pieces(content, 9_999));
  const eventsOf = (lines: readonly StreamLine[]) =>
    lines.flatMap((line) => (line.type === 'event' ? [{ ...line, certain_at_s: null }] : []));
  expect(eventsOf(whole.lines)).toEqual(eventsOf(ofEdf.lines));
  const cut = await run(new RawReader(layout, 'x'), pieces(content.subarray(0, -3), 9_999));
  expect(cut.error).toMatchObject({ code: 'STREAM_TRUNCATED' });
  expect(cut.lines.at(-1)).toMatchObject({ type: 'end', outcome: 'failed', recorded_s: 37 - 1 / 256 });
});

test('a growing EDF ends when its header says how many records it has', async () => {
  const file = join(folder, 'growing.edf');
  writeFileSync(file, open(3));
  const reader = new EdfReader(file);
  const ended = run(reader, follow(file, reader));
  for (let at = headerBytes + 3 * recordBytes; at < bytes.length; at += 50_000) {
    await sleep(15);
    appendFileSync(file, bytes.subarray(at, at + 50_000));
  }
  await sleep(60);
  const finished = readFileSync(file);
  finished.write('37      ', 236, 'latin1');
  writeFileSync(file, finished);
  const { lines, error } = await ended;
  expect(error).toBeNull();
  expect(lines.at(-1)).toMatchObject({ outcome: 'ended', recorded_s: 37, windows: 18 });
});

test('an EDF that never grows: its header alone is no recording; records that stop are what there is', async () => {
  const file = join(folder, 'still.edf');
  writeFileSync(file, open(0));
  const reader = new EdfReader(file);
  const empty = await run(reader, follow(file, reader, { idleTimeoutS: 0.05 }));
  expect(empty.error).toMatchObject({ code: 'STREAM_EMPTY' });
  const stopped = open(5).subarray(0, -7);
  writeFileSync(file, stopped);
  const second = new EdfReader(file);
  const { lines, error } = await run(second, follow(file, second, { idleTimeoutS: 0.05 }));
  expect(error).toBeNull();
  expect(lines.at(-1)).toMatchObject({
    outcome: 'ended',
    recorded_s: 4,
    notices: [`${recordBytes - 7} bytes after the last whole data record are left out`],
  });
});

test('an EDF that is written anew while it is followed is an error, what was said stands', async () => {
  const file = join(folder, 'shrunk.edf');
  writeFileSync(file, open(10));
  const reader = new EdfReader(file);
  const ended = run(reader, follow(file, reader));
  await sleep(100);
  truncateSync(file, 500);
  const { lines, error } = await ended;
  expect(error).toMatchObject({ code: 'STREAM_SHRUNK' });
  expect(lines.at(-1)).toMatchObject({ type: 'end', outcome: 'failed', recorded_s: 10 });
});

test('interrupted: the last line says so, open events are not among the lines', async () => {
  const file = join(folder, 'interrupted.edf');
  writeFileSync(file, open(10));
  const reader = new EdfReader(file);
  const controller = new AbortController();
  const ended = run(reader, follow(file, reader, { signal: controller.signal }), controller.signal);
  await sleep(150);
  controller.abort();
  const { lines, error } = await ended;
  expect(error).toBeNull();
  expect(lines.map(({ type }) => type)).toEqual(['start', 'end']);
  expect(lines.at(-1)).toMatchObject({ outcome: 'interrupted', recorded_s: 10, seizures: 0 });
});

test.each([
  [{ channels: [''], sampleRate: 256 }, '1 to 4096 labels'],
  [{ channels: ['Cz', 'Cz'], sampleRate: 256 }, 'Cz is there twice'],
  [{ channels: ['Cz'], sampleRate: 0 }, 'above 0 and up to 100000, found 0'],
  [{ channels: ['Cz'], sampleRate: Number.NaN }, 'found NaN'],
])('refused: %j', (layout, message) => {
  expect(() => new RawReader({ ...layout, format: 'float32' }, 'x')).toThrow(message);
});
