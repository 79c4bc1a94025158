/**
 * Annotation files scored against annotation files: found, paired by recording, read in any mix of formats.
 *
 * ```ts
 * const report = await scoreFiles({ reference: 'corpus', hypothesis: 'predictions', ...DEFAULT_SCORING });
 * report.szcore.event.f1;
 * report.nedc.taes.per_label.seiz.tpr;
 * ```
 */
export type { HypothesisState } from './hypothesis.ts';
export type { RecordingReport, ScoreReport } from './report.ts';
export { DEFAULT_SCORING, type ScoreRequest, scoreFiles } from './score-files.ts';
