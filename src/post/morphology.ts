import type { Run } from './runs.ts';

/**
 * Binary opening and closing in one dimension with a flat kernel, on runs instead of masks: O(runs) for any
 * kernel. Outside the signal counts as 0, which is SciPy's default (`ndimage.binary_opening`, `binary_closing`);
 * an even kernel reaches one sample further to the left, as there.
 */

/** Opening: keeps what a kernel fits into, so runs shorter than the kernel go. */
export function open(runs: readonly Run[], kernel: number): Run[] {
  return runs.filter(({ start, end }) => end - start >= kernel);
}

/**
 * Closing: fills gaps shorter than the kernel. With zeros outside, a run within half a kernel of the signal's
 * edge loses what the erosion eats from that edge.
 */
export function close(runs: readonly Run[], kernel: number, samples: number): Run[] {
  const left = Math.floor(kernel / 2);
  const right = Math.floor((kernel - 1) / 2);
  const closed: Run[] = [];
  const erode = (start: number, end: number) => {
    const eroded = { start: Math.max(start, left), end: Math.min(end, samples - right) };
    if (eroded.start < eroded.end) closed.push(eroded);
  };
  let start = -1;
  let end = -1;
  for (const run of runs) {
    if (start >= 0 && run.start - end < kernel) {
      end = run.end;
      continue;
    }
    if (start >= 0) erode(start, end);
    ({ start, end } = run);
  }
  if (start >= 0) erode(start, end);
  return closed;
}
