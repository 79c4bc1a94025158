/**
 * What `bgb evaluate` does with probabilities, apart from predicting them: everything in evaluation.json over many hours at
 * 256 Hz, in one thread and in threads beside it; and sorting scores beside the engine's own sort, in the same run.
 *
 *     bash scripts/with-node.sh bench/evaluation.ts [hours]
 */
import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { configSchema } from '../src/config/index.ts';
import { postprocessCurve } from '../src/post/index.ts';
import {
  type EvaluatedRecording,
  type EvaluationSettings,
  EvaluationTally,
  EventTally,
  evaluationFigures,
} from '../src/score/index.ts';
import { sortFloats } from '../src/score/sort-scores.ts';
import { openMeasuring } from '../src/train/measuring.ts';
import { HOUR, hourOf, RATE } from './testing/probability-hours.ts';

const hours = Number(process.argv[2] ?? 200);
const { postprocessing } = configSchema.parse({});
const kinds = Array.from({ length: 8 }, (_, seed) => {
  const { probabilities, references } = hourOf(seed);
  const labels = new Uint8Array(HOUR);
  for (const { startS, endS } of references) labels.fill(1, startS * RATE, endS * RATE);
  const segments = [{ firstRow: 0, rows: HOUR, startSample: 0 }];
  return { curve: { probabilities, sampleRate: RATE, segments }, references, labels };
});
const settings: EvaluationSettings = {
  ...{ postprocessing, corpus: 'bench', rates: [10, 5, 2.5, 1], bootstrapSeed: 0 },
  prior: { batches: 0.2, lossOdds: 1, recordings: 0.05 },
};

const expected = inOneThread();
console.log(
  `${hours} h, ${expected.patients} patients, ${expected.seizures} seizures, ${availableParallelism()} cores`,
);
console.log(`the same to the last bit: ${isDeepStrictEqual(await inThreads(), expected)}`);

const scores = Float32Array.from({ length: 8 * HOUR }, (_, index) => {
  const { probabilities } = kinds[Math.floor(index / HOUR)]!.curve;
  return probabilities[index % HOUR]!;
});
for (const [name, sort] of [
  ['by digits', sortFloats],
  ["the engine's", (values: Float32Array) => values.sort()],
] as const) {
  const values = scores.slice();
  const clock = startClock();
  sort(values);
  console.log(`sorting ${scores.length} scores, ${name}: ${clock().own.toFixed(2)} s`);
}

function inOneThread() {
  const tally = new EvaluationTally(settings);
  let clock = startClock();
  for (let hour = 0; hour < hours; hour++) tally.add(recordingOf(hour));
  const adding = clock();
  clock = startClock();
  const figures = tally.figures();
  say('one thread', adding, clock());
  return figures;
}

async function inThreads() {
  await using measuring = openMeasuring('evaluation', settings, Infinity);
  const events = new EventTally();
  let clock = startClock();
  for (let hour = 0; hour < hours; hour++) {
    const recording = recordingOf(hour);
    await measuring.add(recording);
    events.add(recording);
  }
  const adding = clock();
  clock = startClock();
  const figures = evaluationFigures(settings, events, await measuring.results());
  say('threads', adding, clock());
  return figures;
}

function recordingOf(hour: number): EvaluatedRecording {
  const { curve, references, labels } = kinds[hour % kinds.length]!;
  return {
    ...{ curve, labels, excluded: [], predictions: null, probabilities: null },
    name: `recording ${hour}`,
    patient: `patient ${hour % Math.ceil(hours / 4)}`,
    recorded: [{ startS: 0, endS: 3600 }],
    references: references.map((span) => ({ ...span, type: hour % 3 === 0 ? 'fnsz' : 'gnsz' })),
    detections: postprocessCurve(curve, postprocessing),
  };
}

/** In seconds. */
interface Spent {
  readonly wall: number;
  /** Processor time of the thread that also predicts. */
  readonly own: number;
  /** Of all threads. */
  readonly all: number;
}

function startClock(): () => Spent {
  const [all, own, since] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  const seconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;
  return () => ({
    wall: (performance.now() - since) / 1000,
    own: seconds(process.threadCpuUsage(own)),
    all: seconds(process.cpuUsage(all)),
  });
}

function say(how: string, ...[adding, figuring]: [Spent, Spent]): void {
  const spent = ({ wall, own, all }: Spent) =>
    `${wall.toFixed(1)} s (processor: ${all.toFixed(1)} s, of the predicting thread ${own.toFixed(1)} s)`;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${how}: adding ${spent(adding)}, figures with intervals ${spent(figuring)}; at most ${megabytes.toFixed(0)} MB so far`,
  );
}
