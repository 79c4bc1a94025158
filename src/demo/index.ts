/** `bgb demo`: the main path on the real sample, with a score that means something. */
export { BASELINES } from './baselines.ts';
export { runDemo } from './demo.ts';
export type { DemoReport } from './report.ts';
export { cutSegments } from './segments.ts';
