import { parentPort, type Transferable } from 'node:worker_threads';
import { type Thrown, thrownOf } from './thrown.ts';

export type ThreadAnswer<Answer> = { readonly answer: Answer } | { readonly thrown: Thrown };

/**
 * What a thread does: answers each question in its turn.
 *
 * @param handedOver what of an answer the thread gives away instead of copying it
 */
export function answerQuestions<Question, Answer>(
  answerTo: (question: Question) => Answer | Promise<Answer>,
  handedOver: (answer: Answer) => readonly Transferable[] = () => [],
): void {
  let turn = Promise.resolve();
  const answerNow = async (question: Question) => {
    try {
      const answer = await answerTo(question);
      parentPort!.postMessage({ answer } satisfies ThreadAnswer<Answer>, handedOver(answer));
    } catch (error) {
      parentPort!.postMessage({ thrown: thrownOf(error) } satisfies ThreadAnswer<Answer>);
    }
  };
  parentPort!.on('message', (question: Question) => {
    turn = turn.then(() => answerNow(question));
  });
}
