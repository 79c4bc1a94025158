/** Measures some figures of the recordings that arrive; see measuring-threads.ts. */
import { workerData } from 'node:worker_threads';
import type { MeasuringPart } from '../score/index.ts';
import { answerQuestions } from '../threads/index.ts';
import { MEASUREMENTS } from './measurements.ts';
import type { ThreadRequest, ThreadTask } from './measuring-threads.ts';

const { kind, part: name, settings } = workerData as ThreadTask;
const parts: Record<string, (settings: never) => MeasuringPart<unknown, unknown>> = MEASUREMENTS[kind];
const part = parts[name]!(settings as never);

answerQuestions((request: ThreadRequest) => (request === null ? part.result() : part.add(request)));
