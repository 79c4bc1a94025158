/**
 * Worker threads that answer questions, with the errors that answering throws.
 *
 * ```ts
 * // sum-thread.ts
 * answerQuestions((numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0));
 * // elsewhere
 * await using thread = new AnsweringThread<number[], number>('./sum-thread', import.meta.url, { code: 'SUM', does: 'sums' });
 * await thread.ask([1, 2, 3]); // 6
 * ```
 */
export { answerQuestions } from './answer-questions.ts';
export { AnsweringThread } from './answering-thread.ts';
export { startThread } from './start-thread.ts';
export { errorOf, type Thrown, thrownOf } from './thrown.ts';
