import { expect, test } from 'vitest';
import { BgbError, InputError } from '../errors.ts';
import { AnsweringThread } from './answering-thread.ts';
import type { Question } from './testing/echo-thread.ts';

const open = () =>
  new AnsweringThread<Question, number>('./testing/echo-thread', import.meta.url, {
    ...{ data: 2, code: 'ECHO_THREAD', does: 'echoes' },
  });

test('answers come in the order of the questions, errors as they were thrown, and later questions are answered', async () => {
  await using thread = open();
  const order: number[] = [];
  const asked = [50, 0, 20].map(async (afterMs, index) => {
    const answer = await thread.ask({ double: index, afterMs });
    order.push(answer);
  });
  await Promise.all(asked);
  expect(order).toEqual([0, 2, 4]);

  const input = await thread.ask({ fail: 'input' }).catch((error) => error);
  expect(input).toBeInstanceOf(InputError);
  expect(input).toMatchObject({ code: 'ECHO_INPUT', message: 'cannot be used' });
  const own = await thread.ask({ fail: 'own' }).catch((error) => error);
  expect(own).toBeInstanceOf(BgbError);
  expect(own).not.toBeInstanceOf(InputError);
  await expect(thread.ask({ fail: 'system' })).rejects.toMatchObject({
    ...{ code: 'ENOENT', syscall: 'open', path: '/nowhere/at/all' },
  });
  await expect(thread.ask({ fail: 'other' })).rejects.toThrow('out of range');
  expect(await thread.ask({ double: 21, afterMs: 0 })).toBe(42);
});

test('a thread that dies, or is ended, says so to whoever waits and to whoever asks later', async () => {
  await using thread = open();
  const [dying, waiting] = [thread.ask({ fail: 'exit' }), thread.ask({ double: 1, afterMs: 0 })];
  for (const asked of [dying, waiting, thread.ask({ double: 1, afterMs: 0 })])
    await expect(asked).rejects.toMatchObject({
      code: 'ECHO_THREAD',
      message: 'A thread that echoes ended with code 3.',
    });
  await expect(thread.ask({ double: 1, afterMs: 0 })).rejects.toMatchObject({ code: 'ECHO_THREAD' });

  const ended = open();
  const asked = ended.ask({ double: 1, afterMs: 60_000 });
  await ended[Symbol.asyncDispose]();
  await expect(asked).rejects.toMatchObject({ code: 'ECHO_THREAD' });
});
