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
export { isMetricName, METRIC_NAMES, type Metric, type MetricName, metricOf, modeOf } from './metric.ts';
export { type Config, configSchema, MONTAGE_CHANNELS } from './schema.ts';
export { SPLITS, type Split, splitOf } from './split.ts';
