import type { SensitivityOfGroup } from '../score/index.ts';
import { element, group } from './markup.ts';
import { bottomAxis, line, type Plot, percent, plotOf, words } from './plot.ts';
import { linearScale, ticks } from './scale.ts';

const WIDTH = 560;
const AREA = { left: 110, right: 450 };
const ROW = 28;
const TOP = 12;
/** More are left out of the picture. */
const MOST_GROUPS = 30;
/** Letters of a group's name that fit. */
const LONGEST_NAME = 14;

/** Sensitivity of each group with its interval. @param by what they are grouped by */
export function groupPlot(name: string, by: string, groups: readonly SensitivityOfGroup[]): Plot {
  const shown = groups.slice(0, MOST_GROUPS);
  const bottom = TOP + Math.max(1, shown.length) * ROW;
  const x = linearScale([0, 1], [AREA.left, AREA.right]);
  return plotOf(
    name,
    { width: WIDTH, height: bottom + 46 },
    `Event sensitivity by ${by}`,
    bottomAxis(x, {
      at: bottom,
      top: TOP,
      values: ticks(x.domain, 10),
      show: percent,
      name: 'event sensitivity (any overlap), 95 %',
    }),
    ...shown.map(({ group: label, value, interval, detected, seizures }, index) => {
      const y = TOP + (index + 0.5) * ROW;
      const short = label.length > LONGEST_NAME ? `${label.slice(0, LONGEST_NAME - 2)}...` : label;
      return group(
        words(AREA.left - 12, y + 4, short, 'name', 'end'),
        interval && line(x(interval.low), y, x(interval.high), y, 'whisker'),
        value === null ? null : element('circle', { cx: x(value), cy: y, r: 4.5, class: 'point' }),
        words(AREA.right + 14, y + 4, seizures === 0 ? 'none' : `${detected} of ${seizures}`, 'tick'),
      );
    }),
  );
}
