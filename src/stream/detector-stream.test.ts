import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type EdfRecording, openEdf, readSignals } from '../edf/index.ts';
import { type DetectedEvent, postprocessCurve } from '../post/index.ts';
import { preprocess } from '../signal/index.ts';
import type { Tensor } from '../torch/index.ts';
import { openPredictor, predictRecording } from '../train/index.ts';
import { saveUntrained } from '../train/testing/checkpoint.ts';
import { DetectorStream, type DetectorStreamOptions } from './detector-stream.ts';
import type { ProvisionalState } from './segment-stream.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-detector-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = fileURLToPath(new URL('../../data/sample/chb01/chb01_04_clip.edf', import.meta.url));
const recording = await openEdf(path);

/** So set that an untrained model finds some events. */
const SET = [
  'preprocessing.normalize=running',
  'data.window_size=4',
  'data.stride=1.5',
  'postprocessing.hysteresis.min_onset_samples=16',
  'postprocessing.hysteresis.min_offset_samples=16',
  'postprocessing.duration.min_duration_s=0.25',
  'postprocessing.events.tau_merge=0.25',
];
let runs = 0;

async function open(set: readonly string[] = []) {
  const first = await openPredictor(
    await saveUntrained(join(folder, `run-${runs++}`), [...SET, ...set]),
    'cpu',
  );
  return first;
}

/** What `bgb predict` finds in so many data records of the recording. */
async function offline({ config, predictor }: Awaited<ReturnType<typeof open>>, part: EdfRecording) {
  const prepared = await preprocess(
    part,
    { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
    { isQuantised: false },
  );
  const named = { ...prepared, name: 'x', channels: prepared.channels.length };
  const curve = predictRecording(predictor, named, config.postprocessing.stitching);
  return {
    probabilities: Array.from(curve.probabilities),
    events: postprocessCurve(curve, config.postprocessing),
  };
}

/** So many records of the recording; behind each of `holes` a hole of so many seconds. */
function partOf(records: number, holes: readonly { after: number; lengthS: number }[] = []): EdfRecording {
  const segments: EdfRecording['segments'][number][] = [];
  let [first, startS] = [0, 0];
  const cuts = holes.filter(({ after }) => after < records).sort((one, other) => one.after - other.after);
  for (const { after, lengthS } of [...cuts, { after: records, lengthS: 0 }]) {
    const count = after - first;
    if (count === 0) continue;
    segments.push({ startS, durationS: count, firstRecord: first, records: count });
    [first, startS] = [after, startS + count + lengthS];
  }
  return { ...recording, records, durationS: startS, segments };
}

async function streamed(
  opened: Awaited<ReturnType<typeof open>>,
  part: EdfRecording,
  lengths: readonly number[],
  more: Partial<DetectorStreamOptions> = {},
) {
  const { signals } = part;
  const stream = new DetectorStream({
    ...opened,
    signals,
    path,
    isReferenceForced: false,
    isEarly: false,
    ...more,
  });
  const probabilities: number[] = [];
  const events: DetectedEvent[] = [];
  const provisional: ProvisionalState[] = [];
  const add = (step: ReturnType<DetectorStream['push']>) => {
    probabilities.push(...step.probabilities);
    events.push(...step.events);
    provisional.push(...step.provisional);
  };
  for (const segment of part.segments) {
    if (segment.firstRecord > 0) add(stream.beginSegment(segment.startS));
    const read = await readSignals(part, stream.preprocessing.needed, segment);
    for (let at = 0, piece = 0; at < read[0]!.length; piece++) {
      const end = at + lengths[piece % lengths.length]!;
      add(stream.push(read.map((samples) => samples.slice(at, end))));
      at = end;
    }
  }
  add(stream.end());
  return { probabilities, events, provisional, stream };
}

/** Thresholds in the middle of what the untrained model says. */
async function thresholds(set: readonly string[]) {
  const { probabilities } = await offline(await open(set), recording);
  const middle = probabilities.toSorted((a, b) => a - b)[probabilities.length >> 1]!;
  return [
    ...set,
    `postprocessing.hysteresis.tau_on=${middle}`,
    `postprocessing.hysteresis.tau_off=${middle - 0.002}`,
  ];
}

describe.each([
  [[]],
  [['preprocessing.normalize=none', 'postprocessing.stitching.method=max']],
  [
    [
      'data.sampling_rate=128',
      'preprocessing.bandpass=[1, 40]',
      'postprocessing.events.confidence_method=percentile',
    ],
  ],
])('%j', (set) => {
  test('probabilities and events are those of the finished recording, to the bit, however it comes and ends', async () => {
    const opened = await open(await thresholds(set));
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 37 }),
        fc.array(fc.integer({ min: 30, max: 3000 }), { minLength: 1, maxLength: 3 }),
        fc.array(
          fc.record({ after: fc.integer({ min: 1, max: 36 }), lengthS: fc.constantFrom(0.3, 1, 7.77) }),
          { maxLength: 3 },
        ),
        async (records, lengths, holes) => {
          const part = partOf(records, holes);
          const { probabilities, events } = await streamed(opened, part, lengths);
          const expected = await offline(opened, part);
          expect(probabilities).toEqual(expected.probabilities);
          expect(events).toEqual(expected.events);
          found += events.length;
        },
      ),
      {
        numRuns: 7,
        examples: [
          [37, [256], []],
          [3, [100], []],
          [1, [17], []],
          [30, [400], [{ after: 13, lengthS: 7.77 }]],
        ],
      },
    );
    expect(found).toBeGreaterThan(0);
  }, 30_000);
});

test('a probability is known one window after its sample, never later', async () => {
  const opened = await open();
  const { signals } = recording;
  const stream = new DetectorStream({ ...opened, signals, path, isReferenceForced: false, isEarly: false });
  expect(stream.delayS).toBe(4 + stream.preprocessing.delayS);
  const read = await readSignals(recording, stream.preprocessing.needed, recording.segments[0]!);
  let known = 0;
  for (let at = 0; at < read[0]!.length; at += 64) {
    known += stream.push(read.map((samples) => samples.slice(at, at + 64))).probabilities.length;
    if (at >= 256) expect(known).toBeGreaterThanOrEqual(at + 64 - 1024);
  }
});

test('--early: after each window what its end looks like; the last word is the final one', async () => {
  const opened = await open(await thresholds([]));
  const { provisional, events } = await streamed(opened, recording, [256], { isEarly: true });
  // 37 s of 256 Hz: windows at 0, 384, ... up to 9472 - 1024.
  expect(provisional.map(({ atS }) => atS)).toEqual(
    Array.from({ length: Math.floor((9472 - 1024) / 384) + 1 }, (_, index) => (1024 + 384 * index) / 256),
  );
  expect(provisional.some(({ events }) => events.length > 0)).toBe(true);
  // Row 8448 is the last window's; its provisional events are those of a recording that ends there.
  expect(events.length).toBeGreaterThan(0);
  const last = provisional.at(-1)!;
  const ended = await streamed(opened, partOf(4), [256], { isEarly: true });
  expect(ended.provisional).toHaveLength(1);
  expect(ended.provisional[0]!.events).toEqual(ended.events);
  expect(last.probability).toBeGreaterThan(0);
});

test('refused: preprocessing that uses the future, a reference that was not trained on, nothing at all', async () => {
  const causal = await open();
  const zeroPhase = await open(['preprocessing.filter=zero_phase', 'preprocessing.normalize=recording']);
  const { signals } = recording;
  const options = { signals, path: 'x.edf', isReferenceForced: false, isEarly: false };
  expect(() => new DetectorStream({ ...zeroPhase, ...options })).toThrow(
    'looks at what is recorded later (filter: zero_phase, normalize: recording)',
  );
  expect(() => new DetectorStream({ ...causal, ...options, references: ['REF'] })).toThrow('trained on REF');
  expect(() => new DetectorStream({ ...causal, ...options }).end()).toThrow(
    'x.edf: expected samples, found none',
  );
});

test('a signal that never varies is refused at its end, and no event was said before', async () => {
  const opened = await open([
    'postprocessing.hysteresis.tau_on=1e-6',
    'postprocessing.hysteresis.tau_off=1e-7',
  ]);
  const stream = new DetectorStream({
    ...opened,
    signals: recording.signals,
    path,
    isReferenceForced: false,
    isEarly: true,
  });
  const flat = () => stream.preprocessing.needed.map(() => new Float64Array(4096).fill(3));
  for (let turn = 0; turn < 3; turn++)
    expect(stream.push(flat())).toMatchObject({ events: [], provisional: [] });
  expect(() => stream.end()).toThrow('there is no EEG in it');
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('memory does not grow with the recording', async () => {
  const opened = await open(['data.stride=4']);
  // A "model" that costs nothing: the stream's own state is what is looked at.
  const predictor = { ...opened.predictor, forward: (signal: Tensor) => signal.select(2, 0) };
  const { signals } = recording;
  const options = { ...opened, predictor, signals, path, isReferenceForced: false, isEarly: false };
  const stream = new DetectorStream(options);
  const read = await readSignals(recording, stream.preprocessing.needed, recording.segments[0]!);
  const pass = () => {
    for (let at = 0; at < 9472; at += 256) stream.push(read.map((samples) => samples.slice(at, at + 256)));
  };
  /** The least of a few looks: what was freed is not always counted at once. */
  const used = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 3; look++) {
      pass();
      await new Promise((done) => setTimeout(done, 1));
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      least = Math.min(least, heapUsed + arrayBuffers);
    }
    return least;
  };
  const early = await used();
  for (let turn = 0; turn < 30; turn++) pass();
  // Rows alone would be 30 * 9472 * 18 * 2 bytes, 10 MB.
  expect((await used()) - early).toBeLessThan(5e6);
}, 30_000);
