import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';

const counting = Uint8Array.from({ length: 32 }, (_, index) => index);

test.each([
  ['32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 bytes rising', counting, 0x46dd794e],
  ['32 bytes falling', counting.toReversed(), 0x113fdb5c],
  ['the digits 1 to 9', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(), 0],
])('%s, from RFC 3720 appendix B.4 and the published check value', (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});
