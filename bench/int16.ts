/**
 * How much int16 storage changes what a trained model says: the largest difference of a probability from the same
 * samples as float32, over every window of the contiguous clips of the sample.
 *
 *     bash scripts/with-node.sh bench/int16.ts RUN    (such as results/demo/without-chb03-seed-0/run)
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEdf } from '../src/edf/index.ts';
import { preprocess } from '../src/signal/index.ts';
import { QuantisedSignal } from '../src/signal/quantised-signal.ts';
import { fromTypedArray, noGrad, scope } from '../src/torch/index.ts';
import { loadModel } from '../src/train/index.ts';

const { config, model } = await loadModel(process.argv[2]!, 'cpu');
const settings = { ...config.preprocessing, sampling_rate: config.data.sampling_rate };
const length = config.data.window_size * config.data.sampling_rate;
const clips = ['chb01_03', 'chb01_04', 'chb01_15', 'chb01_16'];

let largest = 0;
let samples = 0;
for (const clip of clips) {
  const path = fileURLToPath(new URL(`../data/sample/chb01/${clip}_clip.edf`, import.meta.url));
  const exact: { channel: number; row: number; values: Float32Array }[] = [];
  const write = QuantisedSignal.prototype.write;
  QuantisedSignal.prototype.write = function (channel, row, values, scale, bound) {
    const limit = bound ?? Number.POSITIVE_INFINITY;
    exact.push({
      channel,
      row,
      values: Float32Array.from(values, (v) => Math.max(-limit, Math.min(limit, v))),
    });
    write.call(this, channel, row, values, scale, bound);
  };
  const { signal, channels, scale } = await preprocess(await openEdf(path), settings);
  QuantisedSignal.prototype.write = write;
  const float = new Float32Array(signal.length);
  for (const { channel, row, values } of exact)
    values.forEach((value, i) => {
      float[(row + i) * channels.length + channel] = value;
    });
  const stored = Float32Array.from(signal, (value) => value * scale);
  const rows = signal.length / channels.length;
  const predict = (all: Float32Array, first: number) =>
    noGrad(() =>
      scope(() =>
        model
          .forward(
            fromTypedArray(all.slice(first * channels.length, (first + length) * channels.length), [
              1,
              length,
              channels.length,
            ]),
          )
          .sigmoid(),
      ),
    ).data() as Float32Array;
  for (let first = 0; first + length <= rows; first += config.data.sampling_rate) {
    const [a, b] = [predict(float, first), predict(stored, first)];
    a.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - b[i]!));
    });
    samples += a.length;
  }
}
console.log(
  JSON.stringify({ run: join(process.argv[2]!), clips: clips.length, samples, largest_difference: largest }),
);
