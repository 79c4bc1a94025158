import { type Child, element, group, type Markup, styleSheet } from './markup.ts';
import type { Scale } from './scale.ts';
import { PLOT_STYLE } from './style.ts';

/** A picture: part of the report, and a file of its own. */
export interface Plot {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly svg: Markup;
}

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** @param label says to those who cannot see it what it shows */
export function plotOf(name: string, { width, height }: PlotSize, label: string, ...content: Child[]): Plot {
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'plot',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': label,
    },
    element('title', {}, label),
    element('rect', { class: 'paper', width, height }),
    ...content,
  );
  return { name, svg };
}

/** A plot as a file: with its own style, light or dark. */
export function plotFile({ svg: { markup } }: Plot): string {
  const end = markup.indexOf('>') + 1;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${markup.slice(0, end)}${styleSheet(PLOT_STYLE).markup}${markup.slice(end)}\n`;
}

export const line = (x1: number, y1: number, x2: number, y2: number, kind: string): Markup =>
  element('line', { x1, y1, x2, y2, class: kind });

export const words = (
  x: number,
  y: number,
  content: string,
  kind = 'name',
  anchor: 'start' | 'middle' | 'end' = 'start',
): Markup => element('text', { x, y, class: kind, 'text-anchor': anchor }, content);

/** An open line through points in pixels. */
export const polyline = (points: readonly (readonly [number, number])[], kind: string): Markup =>
  element('polyline', {
    points: points.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(' '),
    class: kind,
  });

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** A horizontal axis below a plot's area: grid lines up to its top, ticks with labels, and what it shows. */
export function bottomAxis(
  scale: Scale,
  { at, top, values, show, name }: AxisOptions & { readonly top: number },
): Markup {
  const [from, to] = scale.range;
  return group(
    ...values.map((value) => line(scale(value), top, scale(value), at, 'grid')),
    line(from, at, to, at, 'axis'),
    ...values.map((value) => line(scale(value), at, scale(value), at + 4, 'axis')),
    ...values.map((value) => words(scale(value), at + 17, show(value), 'tick', 'middle')),
    words((from + to) / 2, at + 36, name, 'name', 'middle'),
  );
}

interface AxisOptions {
  /** Pixels: where it lies. */
  readonly at: number;
  readonly values: readonly number[];
  readonly show: (value: number) => string;
  readonly name: string;
}

/** A vertical axis left of a plot's area: grid lines to its right edge, ticks with labels, and what it shows. */
export function leftAxis(
  scale: Scale,
  { at, right, values, show, name }: AxisOptions & { readonly right: number },
): Markup {
  const [from, to] = scale.range;
  const middle = (from + to) / 2;
  return group(
    ...values.map((value) => line(at, scale(value), right, scale(value), 'grid')),
    line(at, from, at, to, 'axis'),
    ...values.map((value) => line(at - 4, scale(value), at, scale(value), 'axis')),
    ...values.map((value) => words(at - 8, scale(value) + 4, show(value), 'tick', 'end')),
    element(
      'text',
      { class: 'name', 'text-anchor': 'middle', transform: `translate(16 ${middle}) rotate(-90)` },
      name,
    ),
  );
}

export const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
export const plain = (value: number): string => String(Number(value.toFixed(6)));
