/**
 * What `bgb evaluate` does with probabilities, apart from predicting them: everything in evaluation.json over many hours at
 * 256 Hz, processor time by part; and sorting scores beside the engine's own sort, in the same run.
 *
 *     bash scripts/with-node.sh bench/evaluation.ts [hours]
 */
import { configSchema } from '../src/config/index.ts';
import { postprocessCurve } from '../src/post/index.ts';
import { EvaluationTally } from '../src/score/index.ts';
import { sortFloats } from '../src/score/sort-scores.ts';
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
const tally = new EvaluationTally({
  ...{ postprocessing, corpus: 'bench', rates: [10, 5, 2.5, 1], bootstrapSeed: 0 },
  prior: { batches: 0.2, lossOdds: 1, recordings: 0.05 },
});

let before = process.cpuUsage();
for (let hour = 0; hour < hours; hour++) {
  const { curve, references, labels } = kinds[hour % kinds.length]!;
  tally.add({
    ...{ curve, labels, excluded: [], predictions: null, probabilities: null },
    name: `recording ${hour}`,
    patient: `patient ${hour % Math.ceil(hours / 4)}`,
    recorded: [{ startS: 0, endS: 3600 }],
    references: references.map((span) => ({ ...span, type: hour % 3 === 0 ? 'fnsz' : 'gnsz' })),
    detections: postprocessCurve(curve, postprocessing),
  });
}
const adding = secondsSince(before);
before = process.cpuUsage();
const { patients, seizures } = tally.figures();
console.log(
  `${hours} h, ${patients} patients, ${seizures} seizures: adding ${adding.toFixed(1)} s (${((1000 * adding) / hours).toFixed(1)} ms/h), figures with intervals ${secondsSince(before).toFixed(1)} s; at most ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
);

const scores = Float32Array.from({ length: 8 * HOUR }, (_, index) => {
  const { probabilities } = kinds[Math.floor(index / HOUR)]!.curve;
  return probabilities[index % HOUR]!;
});
for (const [name, sort] of [
  ['by digits', sortFloats],
  ["the engine's", (values: Float32Array) => values.sort()],
] as const) {
  const values = scores.slice();
  before = process.cpuUsage();
  sort(values);
  console.log(`sorting ${scores.length} scores, ${name}: ${secondsSince(before).toFixed(2)} s`);
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
