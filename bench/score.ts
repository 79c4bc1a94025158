/**
 * Scores at the scale of a corpus, each beside the plain way in the same run:
 *
 * - sensitivity at four false-alarm rates over 1,000 h at 256 Hz: thresholds swept over curves as a detector of ours gives
 *   them (mostly near 0, some restless stretches, seizures), beside visiting every sample at every threshold;
 * - `bgb score` on the public seizure times of SeizeIT2 (2,850 recordings, 11,626 h) with made-up detections, beside event
 *   scoring on masks of a tenth of a second.
 *
 *     bash scripts/with-node.sh bench/score.ts
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { configSchema } from '../src/config/index.ts';
import { hysteresis } from '../src/post/index.ts';
import { uniform } from '../src/random/index.ts';
import {
  DEFAULT_SCORING,
  postprocessingDetector,
  SensitivityCurve,
  scoreFiles,
  sweepTauOff,
  sweepThresholds,
} from '../src/score/index.ts';
import { HOUR, hourOf, RATE } from './testing/probability-hours.ts';

function sweep(hours: number): void {
  const { postprocessing } = configSchema.parse({});
  const curve = new SensitivityCurve(sweepThresholds(), postprocessingDetector(postprocessing));
  const segments = [{ firstRow: 0, rows: HOUR, startSample: 0 }];
  const kinds = Array.from({ length: 8 }, (_, seed) => hourOf(seed));
  const before = process.cpuUsage();
  for (let hour = 0; hour < hours; hour++) {
    const { probabilities, references } = kinds[hour % kinds.length]!;
    const recording = { name: `${hour}`, recorded: [{ startS: 0, endS: 3600 }], references };
    curve.add(recording, { probabilities, sampleRate: RATE, segments });
  }
  const reached = [10, 5, 2.5, 1].map((rate) => curve.sensitivityAtFalseAlarms(rate, 24).value);
  const seconds = secondsSince(before);
  const plainHours = 4;
  const plainBefore = process.cpuUsage();
  for (const { probabilities } of kinds.slice(0, plainHours))
    for (const tauOn of sweepThresholds())
      hysteresis(probabilities, {
        tauOn,
        tauOff: sweepTauOff(tauOn),
        minOnsetSamples: 128,
        minOffsetSamples: 256,
      });
  const plain = secondsSince(plainBefore) / plainHours;
  console.log(
    `sweep, ${hours} h: ${seconds.toFixed(2)} s of processor time (${(1000 * seconds) / hours} ms/h), sensitivity ${reached}`,
  );
  console.log(
    `every sample at every threshold (hysteresis alone): ${(plain * 1000).toFixed(0)} ms/h over ${plainHours} h`,
  );
}

async function corpus(): Promise<void> {
  const folder = join(tmpdir(), 'bgb-bench-score');
  const fixture = new URL('../src/annotations/fixtures/seizeit2-all-events.tsv.gz', import.meta.url);
  const [header, ...rows] = gunzipSync(readFileSync(fixture)).toString('utf8').trim().split('\n');
  const names = header!.split('\t');
  const runs = Map.groupBy(rows, (row) => row.split('\t')[0]!);
  const masks: { durationS: number; reference: [number, number][]; hypothesis: [number, number][] }[] = [];
  let index = 0;
  for (const [run, lines] of runs) {
    const field = (line: string, name: string) => line.split('\t')[names.indexOf(name)]!;
    const durationS = Number(field(lines[0]!, 'recordingDuration'));
    const reference = lines
      .filter((line) => field(line, 'eventType').startsWith('sz'))
      .map((line): [number, number] => [
        Number(field(line, 'onset')),
        Number(field(line, 'onset')) + Number(field(line, 'duration')),
      ]);
    const hypothesis = reference.map(([start, end]): [number, number] => [start + 5, end + 9]);
    for (let hour = 0; hour + 1 < durationS / 3600; hour++)
      if (uniform(7, index++, 0) < 0.3) hypothesis.push([hour * 3600 + 100, hour * 3600 + 120]);
    hypothesis.sort((a, b) => a[0] - b[0]);
    masks.push({ durationS, reference, hypothesis });
    for (const [side, text] of [
      ['reference', `${header}\n${lines.join('\n')}\n`],
      ['hypothesis', tsv(durationS, hypothesis)],
    ] as const) {
      mkdirSync(join(folder, side), { recursive: true });
      writeFileSync(join(folder, side, `${run}_events.tsv`), text);
    }
  }
  const before = process.cpuUsage();
  const started = performance.now();
  const report = await scoreFiles({
    ...DEFAULT_SCORING,
    reference: join(folder, 'reference'),
    hypothesis: join(folder, 'hypothesis'),
  });
  const { recordings, recorded_hours, reference_seizures } = report.durations;
  console.log(
    `score, ${recordings} recordings, ${recorded_hours.toFixed(0)} h, ${reference_seizures} seizures, all algorithms: ${((performance.now() - started) / 1000).toFixed(2)} s, ${secondsSince(before).toFixed(2)} s of processor time`,
  );
  const maskBefore = process.cpuUsage();
  let tp = 0;
  for (const { durationS, reference, hypothesis } of masks)
    tp += detectedOnMasks(durationS, reference, hypothesis);
  console.log(
    `event scoring alone on masks at 10 Hz, in memory: ${secondsSince(maskBefore).toFixed(2)} s (${tp} detected)`,
  );
  rmSync(folder, { recursive: true });
}

function tsv(durationS: number, events: readonly [number, number][]): string {
  const rest = `n/a\tn/a\tn/a\t${durationS.toFixed(2)}\n`;
  const rows = events.map(([start, end]) => `${start.toFixed(2)}\t${(end - start).toFixed(2)}\tsz\t${rest}`);
  if (rows.length === 0) rows.push(`0.00\t${durationS.toFixed(2)}\tbckg\t${rest}`);
  return `onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration\n${rows.join('')}`;
}

/** One byte a tenth of a second, as the reference tool has it; without merging and splitting. */
function detectedOnMasks(
  durationS: number,
  reference: readonly [number, number][],
  hypothesis: readonly [number, number][],
): number {
  const hyp = new Uint8Array(Math.round(durationS * 10));
  const ref = new Uint8Array(hyp.length);
  for (const [start, end] of hypothesis) hyp.fill(1, start * 10, end * 10);
  let detected = 0;
  for (const [start, end] of reference) {
    const [from, to] = [Math.max(0, start - 30) * 10, Math.min(durationS, end + 60) * 10];
    ref.fill(1, from, to);
    if (hyp.subarray(from, to).includes(1)) detected++;
  }
  let falsePositives = 0;
  for (let i = 0; i < hyp.length; i++) if (hyp[i] === 1 && ref[i] === 0) falsePositives++;
  return falsePositives < 0 ? 0 : detected;
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

sweep(1000);
await corpus();
console.log(`peak resident memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
