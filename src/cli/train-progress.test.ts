import { expect, test } from 'vitest';
import { TrainProgress } from './train-progress.ts';

test('a line says where training stands, in numbers without exponents', () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) };
  const progress = new TrainProgress(stream as unknown as NodeJS.WriteStream, { isPlain: true });
  progress.update({
    ...{ epoch: 2, epochs: 10, step: 120, steps: 640 },
    last: { loss: 0.12344, learningRate: 3e-4, windowsPerSecond: 1118.4, waitingShare: 0.003 },
    gpu: { utilisation: 0.97, memoryBytes: 61.2 * 2 ** 30 },
  });
  progress[Symbol.dispose]();
  expect(written.join('')).toContain(
    'epoch 3/10  loss 0.1234  lr 3.0e-4  1118 windows/s  waiting 0.3 %  GPU 97 %, 61.2 GiB',
  );
});
