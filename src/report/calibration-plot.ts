import type { EvaluationDocument, ReliabilityBin } from '../score/index.ts';
import { element, type Markup } from './markup.ts';
import { bottomAxis, leftAxis, line, type Plot, percent, plotOf, polyline, words } from './plot.ts';
import { linearScale, type Scale, ticks } from './scale.ts';

const SIZE = { width: 560, height: 420 };
const AREA = { left: 66, right: 540, top: 16, bottom: 262 };
/** How many samples a bin has. */
const STRIP = { top: 282, bottom: 336 };

/** How often there is a seizure where the model says it with such a probability; below, how often it says so. */
export function calibrationPlot({ raw, corrected, samples }: EvaluationDocument['calibration']): Plot {
  const x = linearScale([0, 1], [AREA.left, AREA.right]);
  const y = linearScale([0, 1], [AREA.bottom, AREA.top]);
  const most = Math.max(1, ...raw.bins.map((bin) => bin.samples));
  const height = linearScale([0, Math.log10(1 + most)], [STRIP.bottom, STRIP.top]);
  const at = STRIP.bottom + 56;
  return plotOf(
    'calibration',
    SIZE,
    'Calibration: share of seizure against predicted probability',
    bottomAxis(x, {
      at: STRIP.bottom,
      top: AREA.top,
      values: ticks(x.domain, 10),
      show: (value) => String(value),
      name: 'predicted probability',
    }),
    leftAxis(y, {
      at: AREA.left,
      right: AREA.right,
      values: ticks(y.domain, 10),
      show: percent,
      name: 'samples that are seizure',
    }),
    line(x(0), y(0), x(1), y(1), 'diagonal'),
    ...raw.bins
      .filter((bin) => bin.samples > 0)
      .map((bin) => {
        const top = height(Math.log10(1 + bin.samples));
        return element(
          'rect',
          {
            x: x(bin.low) + 1,
            y: top,
            width: x(bin.high) - x(bin.low) - 2,
            height: STRIP.bottom - top,
            class: 'bar',
          },
          element('title', {}, `${bin.samples} samples`),
        );
      }),
    words(AREA.left - 8, STRIP.top + 8, compact(most), 'tick', 'end'),
    words(AREA.left - 8, STRIP.bottom - 2, 'log count', 'tick', 'end'),
    ...series(raw.bins, x, y, ''),
    ...(corrected === null ? [] : series(corrected.bins, x, y, ' second')),
    line(AREA.left, at - 4, AREA.left + 18, at - 4, 'curve'),
    words(AREA.left + 24, at, `as the model says; ${samples.toLocaleString('en')} samples`, 'quiet'),
    ...(corrected === null
      ? []
      : [
          line(AREA.left, at + 16, AREA.left + 18, at + 16, 'curve second'),
          words(AREA.left + 24, at + 20, 'corrected for the share of seizure in training', 'quiet'),
        ]),
  );
}

/** As 62k: of a number that is to fit beside an axis. */
function compact(count: number): string {
  return count.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 2 });
}

function series(bins: readonly ReliabilityBin[], x: Scale, y: Scale, kind: string): Markup[] {
  const points = bins.flatMap(({ mean_probability, share_of_seizure }): [number, number][] =>
    mean_probability === null || share_of_seizure === null
      ? []
      : [[x(mean_probability), y(share_of_seizure)]],
  );
  return [
    polyline(points, `curve${kind}`),
    ...points.map(([cx, cy]) => element('circle', { cx, cy, r: 3.5, class: `point${kind}` })),
  ];
}
