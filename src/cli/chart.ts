import type { Point } from '../runs/index.ts';

/** Dots of a braille character, by row and column (Unicode 15, block 2800). */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

const LABEL_WIDTH = 10;

/** What a curve is drawn with: four times two dots in a braille character, or one in an ASCII one. */
export type Drawing = 'braille' | 'ascii';

/**
 * A curve in characters, its highest and lowest value on the left.
 *
 * @param options.width characters of a line, labels included
 * @param options.height lines
 * @param options.to the right end of the x axis, from 0
 * @returns the lines; none where there is nothing to draw
 */
export function lineChart(
  points: readonly Point[],
  options: {
    readonly width: number;
    readonly height: number;
    readonly to: number;
    readonly drawing: Drawing;
  },
): string[] {
  const { width, height, to, drawing } = options;
  const [across, down] = drawing === 'braille' ? [2, 4] : [1, 1];
  const cells = width - LABEL_WIDTH - 2;
  if (points.length === 0 || cells < 1 || height < 1) return [];
  const [columns, rows] = [across * cells, down * height];
  const values = points.map(({ y }) => y);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const end = Math.max(to, points.at(-1)!.x, 1);
  const place = ({ x, y }: Point) => ({
    column: Math.min(columns - 1, Math.max(0, Math.round((x / end) * (columns - 1)))),
    // A curve that never changes lies in the middle.
    row: high > low ? Math.round(((high - y) / (high - low)) * (rows - 1)) : rows >> 1,
  });
  const grid = Array.from({ length: height }, () => new Uint8Array(cells));
  let before = place(points[0]!);
  for (const point of points) {
    const next = place(point);
    const steps = Math.max(Math.abs(next.column - before.column), Math.abs(next.row - before.row), 1);
    for (let step = 0; step <= steps; step++) {
      const between = (a: number, b: number) => Math.round(a + ((b - a) * step) / steps);
      const [column, row] = [between(before.column, next.column), between(before.row, next.row)];
      const line = grid[Math.floor(row / down)]!;
      line[Math.floor(column / across)]! |= DOTS[row % down]![(column % across) as 0 | 1]!;
    }
    before = next;
  }
  return grid.map((line, index) => {
    const label = index === 0 ? axisText(high) : index === height - 1 && high > low ? axisText(low) : '';
    const full = (dots: number) => (drawing === 'braille' ? String.fromCharCode(0x2800 + dots) : '*');
    const drawn = Array.from(line, (dots) => (dots === 0 ? ' ' : full(dots))).join('');
    return `${label.padStart(LABEL_WIDTH)} ${drawing === 'braille' ? '┤' : '|'}${drawn}`.trimEnd();
  });
}

/** The x axis below charts of this width: 0 on the left, its end on the right. */
export function axisLine(to: number, width: number): string {
  const cells = width - LABEL_WIDTH - 2;
  const right = `step ${to}`;
  return cells < right.length + 2 ? '' : `${' '.repeat(LABEL_WIDTH + 2)}0${right.padStart(cells - 1)}`;
}

/** At most ten characters. */
function axisText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(2);
  return value.toFixed(size >= 100 ? 1 : 4);
}
