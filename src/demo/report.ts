import type { Config } from '../config/index.ts';
import { BASELINES, type BaselineName } from './baselines.ts';
import type { FoldResult } from './fold.ts';
import type { CutSegment } from './segments.ts';

export interface DemoReport {
  readonly folds: readonly FoldResult[];
  /** Mean AUROC over folds and seeds. */
  readonly mean: Readonly<Record<'model' | BaselineName, number>>;
  readonly bestBaseline: BaselineName;
  readonly isModelBest: boolean;
  readonly method: readonly string[];
  /** The report as Markdown. */
  readonly text: string;
}

export interface DemoFacts {
  readonly segments: readonly CutSegment[];
  readonly config: Config;
  readonly gain: readonly [number, number];
  readonly draws: number;
  readonly isFull: boolean;
}

/** Puts results and everything needed to judge them into one report. No fold is left out. */
export function reportOf(folds: readonly FoldResult[], facts: DemoFacts): DemoReport {
  const average = (value: (fold: FoldResult) => number) =>
    folds.reduce((sum, fold) => sum + value(fold), 0) / folds.length;
  const mean = {
    model: average(({ model }) => model),
    ...Object.fromEntries(BASELINES.map((name) => [name, average(({ baselines }) => baselines[name])])),
  } as DemoReport['mean'];
  const bestBaseline = BASELINES.toSorted((a, b) => mean[b] - mean[a])[0]!;
  const method = describeMethod(facts);
  const report = { folds, mean, bestBaseline, isModelBest: mean.model > mean[bestBaseline], method };
  return { ...report, text: markdown(report) };
}

function describeMethod({ segments, config, gain, draws, isFull }: DemoFacts): string[] {
  const seizures = segments.filter(({ isSeizure }) => isSeizure).length;
  return [
    `Data: ${segments.length} segments of equal length (${seizures} within seizures, ${segments.length - seizures} before them) cut from CHB-MIT clips of three patients, each preprocessed alone; windows of ${config.data.window_size} s every ${config.data.stride} s.`,
    `Split: leave one patient out. ${isFull ? 'All folds, three seeds.' : 'Quick: one fold (chb03, on which the model does best of the three) and one seed, which proves that everything runs and no more; --full runs all folds and three seeds.'}`,
    `Score: AUROC over the windows of the patient left out, each multiplied by a random gain (log-uniform ${gain[0]} to ${gain[1]}), mean over ${draws} draws. The baselines see the same windows in microvolts with the same gains.`,
    `Training: ${config.training.epochs} epochs, a fixed number, no early stopping; use_balanced_sampling is false because these segments have no partial windows.`,
    'Tuned on what: weights on the training patients of each fold. No threshold is used. The configuration (sizes, band, epochs) was chosen by people who had seen the scores of these three patients, so the figures are optimistic; the baselines were not tuned.',
    'No false-alarm rate is given: the sample holds minutes of seizure-free EEG, and a rate from less than 24 h is noise.',
  ];
}

function markdown({ folds, mean, bestBaseline, isModelBest, method }: Omit<DemoReport, 'text'>): string {
  const figure = (value: number) => value.toFixed(3);
  const names = ['model', 'model, no gain', ...BASELINES];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[
    '# Demo: seizure against pre-ictal EEG of a patient never seen',
    '',
    row(['left out', 'seed', 'windows (seizure / other)', ...names]),
    row(['---', '---', '---', ...names.map(() => '---:')]),
    ...folds.map(({ patient, seed, windows, model, modelWithoutGain, baselines }) =>
      row([
        patient,
        String(seed),
        `${windows.seizure} / ${windows.background}`,
        figure(model),
        figure(modelWithoutGain),
        ...BASELINES.map((name) => figure(baselines[name])),
      ]),
    ),
    row([
      '**mean**',
      '',
      '',
      `**${figure(mean.model)}**`,
      '',
      ...BASELINES.map((name) => figure(mean[name])),
    ]),
    '',
    `The model ${isModelBest ? 'beats' : 'does not beat'} the best baseline (${bestBaseline}): ${figure(mean.model)} against ${figure(mean[bestBaseline])}.`,
    '',
    ...method.map((line) => `- ${line}`),
  ].join('\n')}\n`;
}
