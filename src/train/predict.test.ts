import { expect, test } from 'vitest';
import { liveTensors } from '../torch/index.ts';
import { liveAfterCollection } from '../torch/testing/collected.ts';
import { predictInTurn, predictRecording } from './predict.ts';

// A "model" whose logit is channel 0 minus channel 1: each sample's probability is known.
const predictor = {
  forward: (signal: import('../torch/index.ts').Tensor) => signal.select(2, 0).sub(signal.select(2, 1)),
  device: 'cpu',
  precision: null,
  batchSize: 2,
} as const;
const stitching = { method: 'overlap_add', window_size: 8, stride: 3 } as const;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test('G12: every recorded sample of every segment is predicted, tails and short segments too', () => {
  const rows = 8 + 5 + 3 + 4;
  const signal = Int16Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? Math.floor(i / 2) : 7));
  const segments = [
    { firstRow: 0, rows: 16, startSample: 0 },
    { firstRow: 16, rows: 4, startSample: 100 },
  ];
  const recording = { name: 'a.npz', signal, channels: 2, scale: 0.25, sampleRate: 256, segments };
  const curve = predictRecording(predictor, recording, stitching, 2);
  expect(curve.probabilities).toHaveLength(rows);
  Array.from(curve.probabilities).forEach((probability, row) => {
    expect(probability).toBeCloseTo(sigmoid((row - 7) * 0.5), 6);
  });
});

test('what fills a batch up is seen by the model and by nobody else', () => {
  const rows = 8 + 3 * 6;
  const signal = Int16Array.from({ length: 2 * rows }, (_, i) => (i * 37) % 101);
  const segments = [{ firstRow: 0, rows, startSample: 0 }];
  const recording = { name: 'a.npz', signal, channels: 2, scale: 0.25, sampleRate: 256, segments };
  const shapes: number[][] = [];
  const forward: typeof predictor.forward = (given) => {
    shapes.push([...given.shape]);
    return predictor.forward(given);
  };
  const found = predictRecording({ ...predictor, forward, batchSize: 5, filledTo: 4 }, recording, stitching);
  expect(found).toEqual(predictRecording(predictor, recording, stitching));
  // Seven windows: a whole batch of five, and two filled up to four.
  expect(shapes).toEqual([
    [5, 8, 2],
    [4, 8, 2],
  ]);
});

test('NaN is refused, with where it is', () => {
  const signal = new Int16Array(2 * 8);
  const segments = [{ firstRow: 0, rows: 8, startSample: 0 }];
  const recording = { name: 'a.npz', signal, channels: 2, scale: 1, sampleRate: 4, segments };
  const forward: typeof predictor.forward = (given) => predictor.forward(given).div(0);
  const predict = () => predictRecording({ ...predictor, forward }, recording, stitching);
  expect(predict).toThrow('predicts NaN for a.npz, first at recorded second 0.0');
});

test.each([false, true])(
  'recordings come in turn, each with its own curve; one more is loaded ahead: %s',
  (isAhead) => {
    let loaded = 0;
    function* recordings() {
      for (const [index, name] of ['a', 'b', 'c'].entries()) {
        loaded++;
        const signal = Int16Array.from({ length: 2 * 8 }, (_, i) => (i % 2 === 0 ? index : 0));
        const segments = [{ firstRow: 0, rows: 8, startSample: 0 }];
        yield { name, signal, channels: 2, scale: 1, sampleRate: 256, segments };
      }
    }
    const counts: number[] = [];
    const names: string[] = [];
    for (const { recording, curve } of predictInTurn(predictor, recordings(), stitching, { isAhead })) {
      expect(curve.probabilities[3]).toBeCloseTo(sigmoid(names.length), 6);
      names.push(recording.name);
      counts.push(loaded);
    }
    expect(names).toEqual(['a', 'b', 'c']);
    expect(counts).toEqual(isAhead ? [2, 3, 3] : [1, 2, 3]);
  },
);

test.each([false, true])(
  'recordings that are not waited for, or fail, leave no tensor behind; one more is loaded ahead: %s',
  async (isAhead) => {
    const segments = [{ firstRow: 0, rows: 8, startSample: 0 }];
    const signal = new Int16Array(2 * 8);
    const recordings = ['a', 'b', 'c'].map((name) => ({
      ...{ name, signal, channels: 2, scale: 1, sampleRate: 256, segments },
    }));
    const before = await liveAfterCollection();
    for (const { recording } of predictInTurn(predictor, recordings, stitching, { isAhead })) {
      expect(recording.name).toBe('a');
      break;
    }
    expect(liveTensors()).toBe(before);

    let windows = 0;
    const forward: typeof predictor.forward = (given) =>
      predictor.forward(given).div(windows++ === 1 ? 0 : 1);
    const predict = () => [...predictInTurn({ ...predictor, forward }, recordings, stitching, { isAhead })];
    expect(predict).toThrow('predicts NaN for b,');
    expect(liveTensors()).toBe(before);
    const failing: typeof predictor.forward = (given) => {
      if (windows++ > 0) throw new Error('no memory');
      return predictor.forward(given);
    };
    windows = 0;
    const fail = () => [
      ...predictInTurn({ ...predictor, forward: failing }, recordings, stitching, { isAhead }),
    ];
    expect(fail).toThrow('no memory');
    expect(liveTensors()).toBe(before);
  },
);
