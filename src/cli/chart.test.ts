import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineChart } from './chart.ts';

test('a line from corner to corner', () => {
  // 2 characters by 1: a grid of 4 by 4 dots. Unicode: dots 1 2 3 7 are the left column downwards, 4 5 6 8 the right one.
  const falling = lineChart([{ x: 0, y: 3 }, { x: 3, y: 0 }], { width: 14, height: 1, to: 3, drawing: 'braille' }); // biome-ignore format: one line
  expect(falling).toEqual(['    3.0000 ┤⠑⢄']);
  const flat = lineChart([{ x: 0, y: 1 }, { x: 3, y: 1 }], { width: 14, height: 2, to: 3, drawing: 'braille' }); // biome-ignore format: one line
  expect(flat).toEqual(['    1.0000 ┤', '           ┤⠉⠉']);
});

test('in ASCII, a character is a dot', () => {
  const points = [{ x: 0, y: 1 }, { x: 3, y: 0 }]; // biome-ignore format: one line
  expect(lineChart(points, { width: 16, height: 2, to: 3, drawing: 'ascii' })).toEqual([
    '    1.0000 |**',
    '    0.0000 |  **',
  ]);
});

test('what is to come is left free', () => {
  const half = lineChart([{ x: 0, y: 0 }, { x: 50, y: 1 }], { width: 32, height: 3, to: 100, drawing: 'braille' }); // biome-ignore format: one line
  expect(half).toHaveLength(3);
  for (const line of half) expect([...line].length).toBeLessThanOrEqual(12 + 11);
});

test('nothing to draw gives no lines', () => {
  expect(lineChart([], { width: 80, height: 5, to: 10, drawing: 'braille' })).toEqual([]);
  expect(lineChart([{ x: 0, y: 1 }], { width: 12, height: 5, to: 10, drawing: 'braille' })).toEqual([]);
});

test('any curve keeps to its width and height', () => {
  const point = fc.record({
    x: fc.integer({ min: 0, max: 1e6 }),
    y: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }),
  });
  const size = fc.record({
    width: fc.integer({ min: 13, max: 120 }),
    height: fc.integer({ min: 1, max: 12 }),
    to: fc.integer({ min: 0, max: 1e6 }),
    drawing: fc.constantFrom('braille' as const, 'ascii' as const),
  });
  fc.assert(
    fc.property(fc.array(point, { minLength: 1 }), size, (points, options) => {
      const sorted = points.toSorted((a, b) => a.x - b.x);
      const lines = lineChart(sorted, options);
      expect(lines).toHaveLength(options.height);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(options.width);
      expect(lines.join('')).toMatch(options.drawing === 'braille' ? /[\u2801-\u28ff]/ : /\*/);
    }),
  );
});
