import { expect, test } from 'vitest';
import { quotaOf, threadsOf, usableCores } from './threads.ts';

function files(contents: Record<string, string>): (path: string) => string | null {
  return (path) => contents[path] ?? null;
}

const V2 = '/sys/fs/cgroup/cpu.max';
const V1 = '/sys/fs/cgroup/cpu/cpu.cfs';

test.each([
  [{ [V2]: '200000 100000\n' }, 2],
  [{ [V2]: '150000 100000\n' }, 1.5],
  [{ [V2]: 'max 100000\n' }, null],
  [{ [`${V1}_quota_us`]: '400000\n', [`${V1}_period_us`]: '100000\n' }, 4],
  [{ [`${V1}_quota_us`]: '-1\n', [`${V1}_period_us`]: '100000\n' }, null],
  [{ [V2]: '' }, null],
  [{}, null],
])('quota of %j is %s cores', (contents, cores) => {
  expect(quotaOf(files(contents))).toBe(cores);
});

test('the smaller of quota and bound cores, at least one', () => {
  expect(usableCores(files({ [V2]: '150000 100000' }), 8)).toBe(2);
  expect(usableCores(files({ [V2]: '800000 100000' }), 4)).toBe(4);
  expect(usableCores(files({ [V2]: '1000 100000' }), 4)).toBe(1);
  expect(usableCores(files({}), 3)).toBe(3);
});

test('a stated number stands', () => {
  expect(threadsOf({ threads: 7 })).toBe(7);
  expect(threadsOf({ threads: null })).toBeGreaterThan(0);
});
