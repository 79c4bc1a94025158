import { expect, test } from 'vitest';
import { calibrationPlot } from './calibration-plot.ts';
import { delayPlot } from './delay-plot.ts';
import { groupPlot } from './group-plot.ts';
import { operatingCurvePlot } from './operating-curve.ts';
import { plotFile } from './plot.ts';
import { documentOf } from './testing/document.ts';
import { elementsOf, numbersOf, ofClass } from './testing/elements.ts';

const document = documentOf();

test('operating curve: points where arithmetic puts them', () => {
  const elements = elementsOf(operatingCurvePlot(document).svg.markup);
  // From 66 to 540 over log10(1 + x), x up to 1.05 * 99; from 330 up to 16 over the sensitivity.
  const x = (rate: number) => 66 + (474 * Math.log10(1 + rate)) / Math.log10(1 + 1.05 * 99);
  const y = (sensitivity: number) => 330 - 314 * sensitivity;
  const [curve] = elements.filter(({ name }) => name === 'polyline');
  const points = curve!.attributes.points!.split(' ').map((pair) => pair.split(',').map(Number));
  const expected = [
    [x(99), y(1)],
    [x(9), y(0.75)],
    [x(0), y(0.25)],
  ];
  for (const [index, [cx, cy]] of expected.entries()) {
    expect(points[index]![0]).toBeCloseTo(cx!, 1);
    expect(points[index]![1]).toBeCloseTo(cy!, 1);
  }
  // Sensitivity 0.7 at 9 false alarms, 95 % from 0.5 to 0.85.
  const [whisker] = ofClass(elements, 'whisker second');
  const [x1, y1, y2] = numbersOf(whisker!, 'x1', 'y1', 'y2');
  expect([x1, y1, y2].map((value) => Math.round(value!))).toEqual([x(9), y(0.5), y(0.85)].map(Math.round));
  // In use: 12 of 20 seizures, 18 false alarms in 48 h.
  const [used] = ofClass(elements, 'used');
  const [, left, top] = /^M([\d.]+) ([\d.]+)/.exec(used!.attributes.d!)!.map(Number);
  expect(left).toBeCloseTo(x(9), 1);
  expect(top).toBeCloseTo(y(0.6) - 6, 1);
});

test('operating curve: undefined points are left out, and without any it says so', () => {
  const [point] = document.operating_curve;
  const none = { ...point!, sensitivity: null, false_alarms_per_24h: null };
  const { markup } = operatingCurvePlot({
    ...document,
    operating_curve: [none],
    per_patient: [],
    sensitivity_at_fa: [],
  }).svg;
  expect(markup).toContain('no curve: no seizure, or nothing recorded');
  expect(markup).not.toMatch(/NaN|Infinity|null|undefined/);
});

test('calibration: a point for each bin that is not empty, bars for their samples', () => {
  const elements = elementsOf(calibrationPlot(document.calibration).svg.markup);
  const points = ofClass(elements, 'point').map((found) => numbersOf(found, 'cx', 'cy'));
  expect(points).toHaveLength(9);
  // Bin 4: probability 0.45, share 0.2; from 66 to 540, and from 262 up to 16.
  expect(points[3]).toEqual([66 + 474 * 0.45, 262 - 246 * 0.2].map((value) => Math.round(100 * value) / 100));
  const bars = ofClass(elements, 'bar').map((found) => numbersOf(found, 'height')[0]);
  // The first bin has 10^6 samples, the most; the third 10^5: log10 of one more each, of 54 pixels.
  expect(bars[0]).toBe(54);
  expect(bars[2]).toBeCloseTo((54 * Math.log10(100_001)) / Math.log10(1_000_001), 1);
});

test('groups: value, interval and counts; none where there is no seizure', () => {
  const elements = elementsOf(groupPlot('x', 'type', document.sensitivity_by_type).svg.markup);
  // From 110 to 450; rows of 28 from 12.
  expect(ofClass(elements, 'point').map((found) => numbersOf(found, 'cx', 'cy'))).toEqual([
    [110 + 340 * 0.8, 26],
    [110, 54],
  ]);
  expect(numbersOf(ofClass(elements, 'whisker')[0]!, 'x1', 'x2')).toEqual([280, 416]);
  expect(elements.filter(({ name }) => name === 'text').map(({ text }) => text)).toEqual(
    expect.arrayContaining(['fnsz', '12 of 15', 'gnsz', '0 of 5', '0 %', '100 %']),
  );
  expect(groupPlot('x', 'duration', document.sensitivity_by_duration).svg.markup).toContain('>none<');
});

test('delay: the box lies between the quartiles, the line at the median, onset at 0', () => {
  const elements = elementsOf(delayPlot(document.detection_delay).svg.markup);
  const [box] = ofClass(elements, 'box');
  const [median] = ofClass(elements, 'curve');
  const [onset] = ofClass(elements, 'onset');
  const [left, width] = numbersOf(box!, 'x', 'width') as [number, number];
  const [zero] = numbersOf(onset!, 'x1') as [number];
  // Pixels a second from the box: 20 s wide, onset 2.5 s from its left, the median 7.5 s.
  expect(zero - left).toBeCloseTo((2.5 * width) / 20, 1);
  expect(numbersOf(median!, 'x1')[0]! - left).toBeCloseTo((7.5 * width) / 20, 1);
  const none = {
    detected: 0,
    before_onset: 0,
    median_s: null,
    lower_quartile_s: null,
    upper_quartile_s: null,
  };
  expect(delayPlot(none).svg.markup).toContain('no seizure was detected');
});

test.each([
  [-700, -650, -600],
  [0, 0, 0],
  [0.01, 0.02, 0.03],
  [3, 4, 9000],
])(
  'delay: any quartiles stay within the picture (%d, %d, %d)',
  (lower_quartile_s, median_s, upper_quartile_s) => {
    const report = { detected: 3, before_onset: 0, lower_quartile_s, median_s, upper_quartile_s };
    for (const found of elementsOf(delayPlot(report).svg.markup))
      for (const value of numbersOf(found, 'x', 'x1', 'x2').filter((number) => !Number.isNaN(number)))
        expect(value >= 0 && value <= 560).toBe(true);
    expect(delayPlot(report).svg.markup).not.toMatch(/NaN|Infinity/);
  },
);

test('a plot as a file is XML with a style of its own', () => {
  const file = plotFile(operatingCurvePlot(document));
  expect(file).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]*><style>/,
  );
  expect(elementsOf(file.slice(file.indexOf('<svg'))).length).toBeGreaterThan(20);
});
