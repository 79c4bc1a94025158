/**
 * Whether two trainings are the same: configurations field by field; runs by data, machine and steps; machines by a probe.
 * docs/parity.md says what each verdict means.
 *
 * ```ts
 * const [a, b] = [await configurationSide('local.yaml', []), await configurationSide('cloud.yaml', [])];
 * compareConfigurations(a, b).verdict; // 'allowed'
 * ```
 */
export {
  type ConfigurationComparison,
  type ConfigurationDifference,
  compareConfigurations,
  type Stated,
} from './compare-configurations.ts';
export {
  compareProbes,
  differingProbeFields,
  incomparable,
  LOSS_TOLERANCE,
  type ProbeComparison,
} from './compare-probes.ts';
export { compareRuns, type RunComparison } from './compare-runs.ts';
export type { Finding } from './finding.ts';
export { makeProbe, resultFields } from './make-probe.ts';
export { type Probe, readProbe, writeProbe } from './probe-file.ts';
export { isRun, type RunSide, sideOf } from './run-side.ts';
export { configurationSide, type Side } from './side.ts';
