import { expect, test } from 'vitest';
import { isMetricName, type MetricName, metricNameOf, metricOf, modeOf } from './metric.ts';

test('G4: a false-alarm rate is a number, however it is written', () => {
  const names: MetricName[] = ['sensitivity_at_10fa', 'sensitivity_at_10.0fa'];
  expect(names.map(metricOf)).toEqual(Array(2).fill({ kind: 'sensitivity_at', falseAlarmsPer24h: 10 }));
  expect(metricOf('sensitivity_at_2.5fa')).toEqual({ kind: 'sensitivity_at', falseAlarmsPer24h: 2.5 });
  expect(metricOf('auroc')).toEqual({ kind: 'auroc' });
});

test.each([
  'sensitivity_at_fa',
  'sensitivity_at_0fa',
  'sensitivity_at_-1fa',
  'sensitivity_at_1e3fa',
  'AUROC',
  '',
  null,
])('%j is no metric', (name) => {
  expect(isMetricName(name)).toBe(false);
});

test('only loss is better when lower', () => {
  expect(modeOf(metricOf('loss'))).toBe('min');
  expect(modeOf(metricOf('sensitivity_at_1fa'))).toBe('max');
});

test('names and metrics turn into each other', () => {
  const names: MetricName[] = ['auroc', 'loss', 'sensitivity_at_10fa', 'sensitivity_at_2.5fa'];
  expect(names.map((name) => metricNameOf(metricOf(name)))).toEqual(names);
  expect(metricNameOf(metricOf('sensitivity_at_10.0fa'))).toBe('sensitivity_at_10fa');
});
