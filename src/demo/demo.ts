import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedConfig } from '../config/index.ts';
import { writeAtomic } from '../files/index.ts';
import type { TrainingProgress } from '../train/index.ts';
import { type FoldResult, runFold } from './fold.ts';
import { type DemoReport, reportOf } from './report.ts';
import { cutSegments } from './segments.ts';

export interface DemoRequest {
  readonly sampleDir: string;
  readonly outputDir: string;
  /** All folds and three seeds; else one of each. */
  readonly isFull: boolean;
  readonly loadConfig: (set: readonly string[]) => Promise<LoadedConfig>;
  readonly root: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly interruption: () => NodeJS.Signals | null;
  readonly say: (line: string) => void;
  readonly onProgress: (fold: string, progress: TrainingProgress) => void;
}

/** Length of the stretches that the clips are cut into, in seconds: what all of them have. */
const SEGMENT_S = 10;
/** Bounds of the gains that test windows are multiplied by, and how often they are drawn. */
const GAIN = [0.3, 3] as const;
const DRAWS = 20;
const SEEDS = [0, 1, 2];
/** The fold of the quick demo; the report says that it is the model's best. */
const QUICK_PATIENT = 'chb03';

/**
 * The main path on the real sample: EDF to segments, cache and manifest, training without one patient, scores of
 * that patient beside baselines, report. Writes everything below `outputDir`, which it replaces.
 */
export async function runDemo(request: DemoRequest): Promise<DemoReport> {
  const { outputDir, isFull, say } = request;
  await rm(outputDir, { recursive: true, force: true });
  const segmentsDir = join(outputDir, 'segments');
  const segments = await cutSegments(request.sampleDir, segmentsDir, SEGMENT_S);
  const patients = [...new Set(segments.map(({ patient }) => patient))].sort();
  const seizures = segments.filter(({ isSeizure }) => isSeizure).length;
  say(
    `Cut ${segments.length} segments of ${SEGMENT_S} s from ${request.sampleDir}: ${seizures} within seizures, ${segments.length - seizures} before them, ${patients.length} patients.`,
  );
  const results: FoldResult[] = [];
  for (const seed of isFull ? SEEDS : SEEDS.slice(0, 1)) {
    for (const patient of isFull ? patients : [QUICK_PATIENT]) {
      const fold = `${patient} left out, seed ${seed}`;
      results.push(
        await runFold({
          patient,
          patients,
          seed,
          segmentsDir,
          outputDir: join(outputDir, `without-${patient}-seed-${seed}`),
          loadConfig: request.loadConfig,
          gain: GAIN,
          draws: DRAWS,
          root: request.root,
          version: request.version,
          signal: request.signal,
          interruption: request.interruption,
          writeLog: () => undefined,
          onProgress: (progress) => request.onProgress(fold, progress),
        }),
      );
      say(`${fold}: AUROC ${results.at(-1)!.model.toFixed(3)}`);
    }
  }
  const { config } = await request.loadConfig([]);
  const report = reportOf(results, { segments, config, gain: GAIN, draws: DRAWS, isFull });
  await writeAtomic(join(outputDir, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeAtomic(join(outputDir, 'report.md'), report.text);
  return report;
}
