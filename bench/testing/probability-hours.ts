// Hours of made-up probabilities for benchmarks of scoring.
import { uniform } from '../../src/random/index.ts';

export const RATE = 256;
/** Samples. */
export const HOUR = 3600 * RATE;

/** An hour of probabilities; they change slowly, as those of overlapping windows do. */
export function hourOf(seed: number): {
  probabilities: Float32Array;
  references: { startS: number; endS: number }[];
} {
  const probabilities = new Float32Array(HOUR);
  const hasSeizure = seed % 4 === 0;
  const restlessFrom = uniform(seed, 1, 0) * 3000;
  let level = 0.005;
  for (let second = 0; second < 3600; second++) {
    const isSeizure = hasSeizure && second >= 1800 && second < 1860;
    const isRestless = second >= restlessFrom && second < restlessFrom + 300;
    const target = isSeizure
      ? 0.9
      : isRestless
        ? 0.6 * uniform(seed, 2, second)
        : 0.01 * uniform(seed, 3, second);
    for (let sample = 0; sample < RATE; sample++) {
      level += (target - level) / 200;
      probabilities[second * RATE + sample] = level * (0.95 + 0.1 * uniform(seed, 4, sample % 97));
    }
  }
  return { probabilities, references: hasSeizure ? [{ startS: 1800, endS: 1860 }] : [] };
}
