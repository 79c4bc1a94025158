/**
 * The evaluation as a page to read: `report.html` opens without a network, and each plot is an SVG file too.
 *
 * ```ts
 * const document = await evaluateCheckpoint({ ..., output: 'results/evaluation' });
 * await writeReport(document, 'results/evaluation');
 * ```
 */
export { writeReport } from './write-report.ts';
