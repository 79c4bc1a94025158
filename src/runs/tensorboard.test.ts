import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';
import { TensorboardWriter } from './tensorboard.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-tensorboard-'));
});
afterEach(async () => rm(folder, { recursive: true }));

/** 1.5 * 2^30 seconds and a half. */
const now = new Date(1_610_612_736_500);

/** The double 1.5 * 2^30 + 2^-1: exponent 30 + 1023 = 41d, fraction bits -1 and -31, little-endian. */
const WALL_TIME = '09 0000 2000 0000 d841';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** The messages of a file, after checking each record's length and both of its CRCs. */
function messagesOf(file: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  const unmask = (crc: number) => {
    const rotated = (crc - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  for (let at = 0; at < file.byteLength; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(unmask(file.readUInt32LE(at + 8))).toBe(crc32c(file.subarray(at, at + 8)));
    const message = file.subarray(at + 12, at + 12 + length);
    expect(unmask(file.readUInt32LE(at + 12 + length))).toBe(crc32c(message));
    messages.push(message);
    at += 16 + length;
  }
  return messages;
}

test('the file has the bytes of the event protocol', async () => {
  const writer = TensorboardWriter.create(folder, { now });
  writer.scalars(300, { loss: 0.5, 'lr/g': Number.NaN }, now);
  writer.close();
  expect(basename(writer.path)).toBe('events.out.tfevents.1610612736.bgb.0');
  const [version, scalars, ...more] = messagesOf(await readFile(writer.path));
  expect(more).toEqual([]);
  // Field 3 (0x1a), 13 bytes: the version.
  expect(version).toEqual(Buffer.concat([hex(`${WALL_TIME} 1a 0d`), Buffer.from('brain.Event:2')]));
  // Field 2 (0x10): 300 = 2 * 128 + 44 is ac 02. Field 5 (0x2a): 26 bytes, two values (0x0a) of 11 bytes each,
  // tag (0x0a) and float (0x15): 0.5 is 3f000000, NaN is 7fc00000, both little-endian.
  const loss = '0a 0b 0a 04 6c6f7373 15 0000003f';
  const rate = '0a 0b 0a 04 6c722f67 15 0000c07f';
  expect(scalars).toEqual(hex(`${WALL_TIME} 10 ac02 2a 1a ${loss} ${rate}`));
});

test('a histogram has the bytes that TensorBoard’s own protobuf classes give it', async () => {
  const writer = TensorboardWriter.create(folder, { now });
  writer.histogram(4, 'w', [3, 3, Number.NaN], now);
  writer.close();
  expect(writer.records).toBe(2);
  // tensorboard 2.21: Event(wall_time=1610612736.5, step=4, summary=Summary(value=[Value(tag="w",
  //   histo=HistogramProto(min=3, max=3, num=2, sum=6, sum_squares=18, bucket_limit=[3], bucket=[2]))]))
  expect(messagesOf(await readFile(writer.path))[1]).toEqual(
    hex(
      `${WALL_TIME} 1004 2a48 0a46 0a0177 2a41 090000000000000840 110000000000000840 190000000000000040` +
        ' 210000000000001840 290000000000003240 32080000000000000840 3a080000000000000040',
    ),
  );
});

test('the first record is the one that other writers begin with', async () => {
  const writer = TensorboardWriter.create(folder, { now });
  writer.close();
  // 24 bytes follow; the masked CRC of that length is the a3 7f 4b 22 at the head of every such file.
  expect((await readFile(writer.path)).subarray(0, 12)).toEqual(hex('1800000000000000 a37f4b22'));
});

test('a resumed run starts a file of its own that tells readers from which step on it replaces others', async () => {
  TensorboardWriter.create(folder, { now }).close();
  const writer = TensorboardWriter.create(folder, { now, restartStep: 5 });
  writer.close();
  expect(basename(writer.path)).toBe('events.out.tfevents.1610612736.bgb.1');
  const messages = messagesOf(await readFile(writer.path));
  expect(messages[1]).toEqual(hex(`${WALL_TIME} 10 05 3a 02 08 01`));
});

test('steps up to 2^53 keep their value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(Number.MAX_SAFE_INTEGER), async (step) => {
      const writer = TensorboardWriter.create(folder, { now });
      writer.scalars(step, {}, now);
      writer.close();
      const message = messagesOf(await readFile(writer.path))[1]!;
      let value = 0n;
      for (let at = 10, shift = 0n; step > 0; at++, shift += 7n) {
        value |= BigInt(message[at]! & 127) << shift;
        if (message[at]! < 128) break;
      }
      expect(value).toBe(BigInt(step));
      await rm(writer.path);
    }),
  );
});

test('writing after the end is an error', () => {
  const writer = TensorboardWriter.create(folder, { now });
  writer.close();
  expect(() => writer.scalars(1, { loss: 1 }, now)).toThrow('is closed');
});
