import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { Claim, isAbandoned } from './claims.ts';

test('a claim is abandoned when its holder has let go or has died, and never if it is of another machine', () => {
  const claim = new Claim();
  expect(isAbandoned(claim.text)).toBe(false);
  const [machine, , occasion] = claim.text.split('-');
  // One that has ended, and the one that started this.
  const { pid: dead } = spawnSync('true');
  expect(isAbandoned(`${machine}-${dead}-${occasion}`)).toBe(true);
  expect(isAbandoned(`${machine}-${process.ppid}-${occasion}`)).toBe(false);
  expect(isAbandoned(`01234567-${dead}-${occasion}`)).toBe(false);
  claim[Symbol.dispose]();
  expect(isAbandoned(claim.text)).toBe(true);
});
