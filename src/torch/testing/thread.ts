// A worker thread that uses the bridge and says what modes it started with. For threads.test.ts.
import { parentPort } from 'node:worker_threads';
import { autocastDtype, defaultDevice, isGradEnabled, noGrad, scope, tensor } from '../index.ts';

const atStart = { grad: isGradEnabled(), autocast: autocastDtype('cpu'), device: defaultDevice() };
const weight = tensor([2]).withGrad();
for (let i = 0; i < 20; i++) {
  scope(() => weight.mul(3).sum().backward());
  noGrad(() => weight.mul(2).dispose());
}
parentPort?.postMessage({ ...atStart, gradient: weight.grad?.item() });
