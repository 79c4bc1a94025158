import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedRoom, type SharedSamples } from './shared-room.ts';

const MIB = 2 ** 20;

test('property: never more in use than allowed, none shared by two, and a recording too large for it comes alone', () => {
  const anyAction = fc.oneof(
    fc.integer({ min: 0, max: 300_000 }).map((samples) => ({ samples })),
    fc.constant({ samples: 1_000_000 }),
    fc.nat().map((which) => ({ which })),
  );
  fc.assert(
    fc.property(fc.array(anyAction, { maxLength: 40 }), (actions) => {
      const room = new SharedRoom(8 * MIB);
      const taken: SharedSamples[] = [];
      const buffers = () => taken.map(({ probabilities }) => probabilities.buffer);
      for (const action of actions) {
        if ('which' in action) {
          const [given] = taken.splice(action.which % Math.max(1, taken.length), 1);
          if (given !== undefined) room.giveBack(given);
          continue;
        }
        const samples = room.take(action.samples);
        if (taken.length === 0) expect(samples).not.toBeNull();
        if (samples === null) continue;
        expect([samples.probabilities.length, samples.labels.length]).toEqual([
          action.samples,
          action.samples,
        ]);
        taken.push(samples);
        expect(new Set(buffers()).size).toBe(taken.length);
        const bytes = buffers().reduce((sum, { byteLength }) => sum + byteLength, 0);
        if (taken.length > 1) expect(bytes).toBeLessThanOrEqual(8 * MIB);
      }
    }),
  );
});

test('memory is used again: a thousand recordings of up to an hour have the buffers of some', () => {
  const room = new SharedRoom(64 * MIB);
  const buffers = new Set<unknown>();
  for (let recording = 0; recording < 1000; recording++) {
    // 9 bytes a sample: between 1 and 8 MiB.
    const some = [0, 1, 2].map((index) => room.take(100_000 + ((recording * 7919 + index) % 820_000))!);
    for (const samples of some) {
      buffers.add(samples.probabilities.buffer);
      room.giveBack(samples);
    }
  }
  // Three at once, of 1, 2, 4 and 8 MiB.
  expect(buffers.size).toBeLessThanOrEqual(12);
});
