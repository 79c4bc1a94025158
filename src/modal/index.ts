/**
 * Runs at Modal: what is special about that place. The SDK is loaded when a command needs it, and known to this folder only.
 */

export type { ThereOptions } from './checks-there.ts';
export { bringCode, type CodeBundle, codeBundle } from './code-bundle.ts';
export { drillLosses } from './drill.ts';
export { imageOf } from './image.ts';
export { ModalPlace } from './modal-place.ts';
export { gpuOf, LONGEST_S, pricePerHour, type Resources, resourcesOfJob } from './resources.ts';
export { type DataSource, type ModalSettings, RESULTS } from './sandboxes.ts';
export { connect, toldOf } from './sdk.ts';
export { taskJob } from './task-job.ts';
export { openTerminal, SHELL } from './terminal.ts';
export { checkPaths, configHash, configJob, runNameOf, trainJob } from './train-job.ts';

/** The checks that are made there; they compute, which what starts a run does not. */
export async function loadChecks(): Promise<typeof import('./checks-there.ts').checksThere> {
  return (await import('./checks-there.ts')).checksThere;
}
