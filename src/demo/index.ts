/** `bgb demo`: the main path on the real sample, with a score that means something. */
export { BASELINES } from './baselines.ts';
export { type DemoRequest, runDemo } from './demo.ts';
export type { FoldResult } from './fold.ts';
export type { DemoReport } from './report.ts';
export { type CutSegment, cutSegments } from './segments.ts';
