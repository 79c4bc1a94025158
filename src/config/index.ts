/**
 * The user's configuration, checked as a whole, with the origin of every value; the environment variables; the
 * usable cores.
 *
 * ```ts
 * const { config, origins, notices } = await loadConfig('configs/local/train.yaml', {
 *   set: ['training.epochs=3'],
 *   environment: readEnvironment(process.env),
 * });
 * config.data.window_size;                              // 60
 * originText(origins.get('data.window_size')!);         // configs/local/train.yaml:12
 * ```
 */
export {
  CLOUD_MOUNTS,
  type ConfigKind,
  foldersOf,
  isInside,
  isLocalAbsolute,
  isOnCloudMount,
  kindOfConfig,
  kindOfFolder,
  pathsOf,
} from './config-kind.ts';
export { checkDevice, resolvedDevice } from './device.ts';
export {
  containerPaths,
  type Environment,
  firstVisibleGpu,
  inForce,
  readEnvironment,
  type Surroundings,
  surroundings,
} from './environment.ts';
export { FIELDS, type FieldName, type FieldUse, fieldUse } from './fields.ts';
export { type Forwarded, forwardedVariables, wholeEnvironment } from './forwarded.ts';
export {
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  loadConfigOrDefaults,
  resolveConfig,
} from './load.ts';
export {
  isMetricName,
  METRIC_NAMES,
  type Metric,
  type MetricName,
  metricNameOf,
  metricOf,
  modeOf,
} from './metric.ts';
export type { Notice } from './notices.ts';
export { type Origin, originText, originTexts } from './origin.ts';
export { patientPatternProblem } from './patient-pattern.ts';
export { ConfigError, type Place, type Problem, problemText } from './problem.ts';
export {
  environmentOfProcess,
  type ProcessPlace,
  placeOfProcess,
  processesOf,
} from './processes.ts';
export { annotatedYaml, resolvedYaml } from './resolved-yaml.ts';
export { type Config, channelCount, configSchema } from './schema.ts';
export { shownVariable, withoutSecrets } from './secrets.ts';
export { SPLITS, type Split, splitNamed, splitOf } from './split.ts';
export { STAGED_CACHE } from './staged.ts';
export { cpuQuota, threadsOf, usableCores } from './threads.ts';
export { leavesOf } from './tree.ts';
