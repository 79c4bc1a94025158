/** Measures some metrics of the recordings that arrive; see evaluation-threads.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { openPart } from './evaluate.ts';
import type { EvaluationAnswer, EvaluationRequest, EvaluationTask } from './evaluation-threads.ts';

const { name, settings } = workerData as EvaluationTask;
const part = openPart(name, settings);

parentPort!.on('message', (request: EvaluationRequest) => parentPort!.postMessage(answerTo(request)));

function answerTo(request: EvaluationRequest): EvaluationAnswer {
  try {
    if (request === null) return { metrics: part.metrics() };
    part.add(request.recording, request.curve);
    return { metrics: null };
  } catch (error) {
    return { failure: messageOf(error), code: error instanceof BgbError ? error.code : 'EVALUATE_THREAD' };
  }
}
