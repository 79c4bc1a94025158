/** Measures some figures of the recordings that arrive; see measuring-threads.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import type { MeasuringPart } from '../score/index.ts';
import { MEASUREMENTS } from './measurements.ts';
import type { ThreadAnswer, ThreadRequest, ThreadTask } from './measuring-threads.ts';

const { kind, part: name, settings } = workerData as ThreadTask;
const parts: Record<string, (settings: never) => MeasuringPart<unknown, unknown>> = MEASUREMENTS[kind];
const part = parts[name]!(settings as never);

parentPort!.on('message', (request: ThreadRequest) => parentPort!.postMessage(answerTo(request)));

function answerTo(request: ThreadRequest): ThreadAnswer {
  try {
    if (request === null) return { result: part.result() };
    part.add(request);
    return { result: null };
  } catch (error) {
    return { failure: messageOf(error), code: error instanceof BgbError ? error.code : 'EVALUATE_THREAD' };
  }
}
