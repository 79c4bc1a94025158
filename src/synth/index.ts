/**
 * A synthetic corpus that is hard: EEG in TUSZ's layout, made from a seed.
 *
 * ```ts
 * const report = await makeCorpus({
 *   outDir: 'corpus', profile: 'tusz', patients: 15, hours: 10, seed: 1,
 *   jobs: 4, signal: new AbortController().signal, onProgress: () => undefined,
 * });
 * report.total.seizures;
 * ```
 */
export { makeCorpus, type SynthOptions, type SynthReport, type SynthTotals } from './corpus.ts';
export {
  type GateReport,
  LARGEST_AUROC,
  LARGEST_SENSITIVITY,
  measureGate,
  SMALLEST_EVOLUTION_AUROC,
} from './gate/gate.ts';
export { PROFILES, type Profile, type ProfileName } from './profile.ts';
export { SYNTH_VERSION } from './truth.ts';
