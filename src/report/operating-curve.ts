import type { EvaluationDocument } from '../score/index.ts';
import { element, type Markup } from './markup.ts';
import { bottomAxis, leftAxis, line, type Plot, percent, plain, plotOf, polyline, words } from './plot.ts';
import { linearScale, logarithmicScale, logarithmicTicks, ticks } from './scale.ts';

const SIZE = { width: 560, height: 420 };
const AREA = { left: 66, right: 540, top: 16, bottom: 330 };

type Shown = Pick<EvaluationDocument, 'operating_curve' | 'sensitivity_at_fa' | 'per_patient' | 'thresholds'>;

/** Sensitivity against false alarms, over the sweep of thresholds, with the points that figures are taken at. */
export function operatingCurvePlot({
  operating_curve,
  sensitivity_at_fa,
  per_patient,
  thresholds,
}: Shown): Plot {
  const points = operating_curve.filter(
    (point): point is typeof point & { sensitivity: number; false_alarms_per_24h: number } =>
      point.sensitivity !== null && point.false_alarms_per_24h !== null,
  );
  const used = usedPoint(per_patient);
  const most = Math.max(10, used?.rate ?? 0, ...points.map((point) => point.false_alarms_per_24h));
  const x = logarithmicScale([0, most * 1.05], [AREA.left, AREA.right]);
  const y = linearScale([0, 1], [AREA.bottom, AREA.top]);
  const atRates = sensitivity_at_fa.flatMap(({ fa_per_24h, value, interval }) =>
    value === null ? [] : [atRate(x(fa_per_24h), y(value), interval && [y(interval.low), y(interval.high)])],
  );
  const usedMark = used && diamond(x(used.rate), y(used.sensitivity));
  const empty =
    points.length > 0
      ? null
      : words(
          (AREA.left + AREA.right) / 2,
          (AREA.top + AREA.bottom) / 2,
          'no curve: no seizure, or nothing recorded',
          'quiet',
          'middle',
        );
  return plotOf(
    'operating-curve',
    SIZE,
    'Operating curve: event sensitivity against false alarms per 24 h',
    bottomAxis(x, {
      at: AREA.bottom,
      top: AREA.top,
      values: logarithmicTicks(x.domain),
      show: plain,
      name: 'false alarms per 24 h recorded, log(1 + x)',
    }),
    leftAxis(y, {
      at: AREA.left,
      right: AREA.right,
      values: ticks(y.domain, 10),
      show: percent,
      name: 'event sensitivity (any overlap)',
    }),
    polyline(
      points.map((point) => [x(point.false_alarms_per_24h), y(point.sensitivity)]),
      'curve',
    ),
    ...points.map((point) =>
      element(
        'circle',
        { cx: x(point.false_alarms_per_24h), cy: y(point.sensitivity), r: 2, class: 'point' },
        element(
          'title',
          {},
          `tau_on ${point.tau_on}: ${percent(point.sensitivity)}, ${plain(point.false_alarms_per_24h)} per 24 h`,
        ),
      ),
    ),
    ...atRates,
    usedMark,
    empty,
    ...legend(thresholds, operating_curve, { hasRates: atRates.length > 0, hasUsed: usedMark !== null }),
  );
}

/** Of the events that were found; also where there is too little EEG for a rate that means much. */
function usedPoint(
  rows: EvaluationDocument['per_patient'],
): { readonly sensitivity: number; readonly rate: number } | null {
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [seizures, hours] = [sum((row) => row.seizures), sum((row) => row.recorded_hours)];
  if (seizures === 0 || hours === 0) return null;
  return {
    sensitivity: sum((row) => row.detected) / seizures,
    rate: (24 * sum((row) => row.false_alarms)) / hours,
  };
}

function legend(
  { tau_on, tau_off, state }: EvaluationDocument['thresholds'],
  curve: EvaluationDocument['operating_curve'],
  { hasRates, hasUsed }: { readonly hasRates: boolean; readonly hasUsed: boolean },
): Markup[] {
  const [first, last] = [curve[0], curve.at(-1)];
  const at = AREA.bottom + 56;
  return [
    line(AREA.left, at - 4, AREA.left + 18, at - 4, 'curve'),
    words(AREA.left + 24, at, `tau_on ${first?.tau_on ?? '-'} to ${last?.tau_on ?? '-'}`, 'quiet'),
    ...(hasRates
      ? [
          atRate(AREA.left + 189, at - 4, [at - 9, at + 1]),
          words(AREA.left + 200, at, 'at a rate that was asked for, 95 %', 'quiet'),
        ]
      : []),
    ...(hasUsed
      ? [
          diamond(AREA.left + 9, at + 16),
          words(
            AREA.left + 24,
            at + 20,
            `thresholds in use: tau_on ${tau_on}, tau_off ${tau_off} (${state})`,
            'quiet',
          ),
        ]
      : []),
  ];
}

function atRate(x: number, y: number, whisker: readonly [number, number] | null): Markup {
  return element(
    'g',
    {},
    whisker && line(x, whisker[0], x, whisker[1], 'whisker second'),
    element('circle', { cx: x, cy: y, r: 4, class: 'point second' }),
  );
}

const diamond = (x: number, y: number): Markup =>
  element('path', {
    d: `M${Math.round(x * 100) / 100} ${Math.round((y - 6) * 100) / 100}l6 6l-6 6l-6 -6z`,
    class: 'used',
  });
