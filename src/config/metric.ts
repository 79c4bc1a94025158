/** Metrics of an evaluation that go by one word; loss is the only one that is better when lower. */
export const METRIC_NAMES = [
  'auroc',
  'average_precision',
  'sensitivity',
  'specificity',
  'f1',
  'taes',
  'loss',
] as const;

/** A metric as configurations name it. */
export type MetricName = (typeof METRIC_NAMES)[number] | `sensitivity_at_${number}fa`;

/** A metric as code handles it: the false-alarm rate is a number, so that "10" and 10.0 are one (failures G4). */
export type Metric =
  | { readonly kind: (typeof METRIC_NAMES)[number] }
  | { readonly kind: 'sensitivity_at'; readonly falseAlarmsPer24h: number };

const SENSITIVITY_AT = /^sensitivity_at_(\d+(?:\.\d+)?)fa$/;

/** Whether a value names a metric; a false-alarm rate must be above 0. */
export function isMetricName(value: unknown): value is MetricName {
  if (typeof value !== 'string') return false;
  if ((METRIC_NAMES as readonly string[]).includes(value)) return true;
  const rate = Number(SENSITIVITY_AT.exec(value)?.[1]);
  return Number.isFinite(rate) && rate > 0;
}

/** `sensitivity_at_2.5fa` becomes `{kind: 'sensitivity_at', falseAlarmsPer24h: 2.5}`; `auroc` `{kind: 'auroc'}`. */
export function metricOf(name: MetricName): Metric {
  const rate = SENSITIVITY_AT.exec(name)?.[1];
  if (rate !== undefined) return { kind: 'sensitivity_at', falseAlarmsPer24h: Number(rate) };
  return { kind: name as (typeof METRIC_NAMES)[number] };
}

/** The inverse of {@link metricOf}, for reports and files: a rate of 10 has one name, `sensitivity_at_10fa`. */
export function metricNameOf(metric: Metric): MetricName {
  return metric.kind === 'sensitivity_at' ? `sensitivity_at_${metric.falseAlarmsPer24h}fa` : metric.kind;
}

/** Which direction is better. */
export function modeOf(metric: Metric): 'max' | 'min' {
  return metric.kind === 'loss' ? 'min' : 'max';
}
