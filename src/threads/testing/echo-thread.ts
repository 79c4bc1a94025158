// Answers a number with its double; throws what it is told to throw. For answering-thread.test.ts.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { BgbError, InputError } from '../../errors.ts';
import { answerQuestions } from '../index.ts';

export type Question =
  | { readonly double: number; readonly afterMs: number }
  | { readonly fail: 'input' | 'own' | 'system' | 'other' | 'exit' };

answerQuestions(async (question: Question) => {
  if ('double' in question) {
    await delay(question.afterMs);
    return (workerData as number) * question.double;
  }
  if (question.fail === 'input') throw new InputError('ECHO_INPUT', 'cannot be used');
  if (question.fail === 'own') throw new BgbError('ECHO_OWN', 'went wrong');
  if (question.fail === 'system') readFileSync('/nowhere/at/all');
  if (question.fail === 'exit') process.exit(3);
  throw new RangeError('out of range');
});
