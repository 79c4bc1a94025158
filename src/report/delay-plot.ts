import type { DelayReport } from '../score/index.ts';
import { element } from './markup.ts';
import { bottomAxis, line, type Plot, plain, plotOf, words } from './plot.ts';
import { linearScale, roundStep, ticks } from './scale.ts';

const SIZE = { width: 560, height: 130 };
const AREA = { left: 30, right: 530, top: 26, bottom: 84 };

/** How long after its onset a seizure is detected: median and quartiles of those that are. */
export function delayPlot({ median_s, lower_quartile_s, upper_quartile_s }: DelayReport): Plot {
  const label = 'Detection delay: median and quartiles, seconds after onset';
  if (median_s === null || lower_quartile_s === null || upper_quartile_s === null)
    return plotOf(
      'detection-delay',
      SIZE,
      label,
      words(SIZE.width / 2, 60, 'no seizure was detected', 'quiet', 'middle'),
    );
  const [low, high] = [Math.min(0, lower_quartile_s), Math.max(0, upper_quartile_s)];
  const step = roundStep(Math.max(high - low, 1));
  const x = linearScale(
    [low === 0 ? -0.05 * step : low - 0.2 * step, high + 0.2 * step],
    [AREA.left, AREA.right],
  );
  const middle = (AREA.top + AREA.bottom) / 2;
  return plotOf(
    'detection-delay',
    SIZE,
    label,
    bottomAxis(x, {
      at: AREA.bottom,
      top: AREA.top,
      values: ticks(x.domain, 10),
      show: plain,
      name: 'seconds after onset',
    }),
    line(x(0), AREA.top - 4, x(0), AREA.bottom, 'onset'),
    words(x(0), AREA.top - 9, 'onset', 'tick', x(0) < AREA.left + 20 ? 'start' : 'middle'),
    element('rect', {
      x: x(lower_quartile_s),
      y: middle - 12,
      width: Math.max(1, x(upper_quartile_s) - x(lower_quartile_s)),
      height: 24,
      class: 'box',
    }),
    line(x(median_s), middle - 12, x(median_s), middle + 12, 'curve'),
  );
}
