import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { aten, openProcessGroup, tensor, zeros } from './index.ts';
import { native } from './native.ts';
import type { Part } from './testing/peer.ts';
import { SHAPE, SHARES, windowsOf } from './testing/peer-windows.ts';

const PEER = fileURLToPath(new URL('./testing/peer.ts', import.meta.url));
const hasGloo = native.collectiveBackends().includes('gloo');

/** Results of two processes, by rank; undefined for one that was killed. */
async function together(job: Part['job']): Promise<unknown[]> {
  let port = 0;
  const peers: Promise<unknown>[] = [];
  for (const rank of [0, 1]) {
    const child = fork(PEER, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    let result: unknown;
    const chosen = new Promise<void>((resolve) => {
      child.on('message', (message: { port?: number; result?: unknown }) => {
        if (message.port !== undefined) port = message.port;
        if (message.result !== undefined) result = message.result;
        resolve();
      });
      child.on('exit', () => resolve());
    });
    child.send({ rank, size: 2, port, job } satisfies Part);
    if (rank === 0) await chosen;
    peers.push(new Promise((resolve) => child.on('exit', () => resolve(result))));
  }
  return Promise.all(peers);
}

test.runIf(hasGloo)('two processes: sums, a broadcast, a word from one to the other', async () => {
  expect(await together('sum')).toEqual(Array(2).fill({ sum: [3, 30], first: 6, word: 'zwölf' }));
});

/** What one process computes with all windows. */
function alone() {
  const { channels, length, windows } = SHAPE;
  const input = windowsOf([...Array(windows).keys()], channels, length).withGrad();
  const weight = tensor([0.5, 1, 2], { dtype: 'float64' }).withGrad();
  const bias = tensor([0, 1, -1], { dtype: 'float64' }).withGrad();
  const running = [
    zeros([channels], { dtype: 'float64' }),
    aten.ones({ size: [channels], dtype: 'float64' }),
  ] as const;
  const output = aten.batch_norm({
    ...{ input, weight, bias, running_mean: running[0], running_var: running[1] },
    ...{ training: true, momentum: 0.1, eps: 1e-5, cudnn_enabled: false },
  });
  output.pow(3).sum().backward();
  return {
    output: output.reshape(-1).toArray() as number[],
    input: input.grad!.reshape(-1).toArray() as number[],
    weight: weight.grad!.toArray() as number[],
    bias: bias.grad!.toArray() as number[],
    running: running.map((tensor) => tensor.toArray() as number[]),
  };
}

type Normalised = ReturnType<typeof alone>;

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  for (const [i, value] of found.entries())
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12 * scale);
}

test.runIf(hasGloo).each(Object.keys(SHARES) as (keyof typeof SHARES)[])(
  'batch normalisation over two processes is that of one with all windows, forward and backward: %s shares',
  async (name) => {
    const one = alone();
    const [first, second] = (await together(name)) as [Normalised, Normalised];
    // The shares are in order of the windows.
    expectClose([...first.output, ...second.output], one.output);
    expectClose([...first.input, ...second.input], one.input);
    expect((second as Normalised & { idle: number }).idle).toBe(0);
    for (const peer of [first, second]) {
      expectClose(peer.weight, one.weight);
      expectClose(peer.bias, one.bias);
      expectClose(peer.running[0]!, one.running[0]!);
      expectClose(peer.running[1]!, one.running[1]!);
    }
  },
);

test.runIf(hasGloo)(
  'gradients are summed while backward computes, also where a process has none, and after accumulating',
  async () => {
    // d(sum a + sum c^2) = 1, 1 and 2c = 8, 10, 12; factors 1 + 1 * round and 1 + 2 * round in the two processes.
    const factors = [1, 2].map((round) => 1 + round + 1 + 2 * round);
    const expected = factors.map((factor) => [factor, factor, 200, 8 * factor, 10 * factor, 12 * factor]);
    expect(await together('gradients')).toEqual([expected, expected]);
  },
);

test.runIf(hasGloo)('a process that is killed is missed at once, with a sentence', async () => {
  const [left, gone] = (await together('vanish')) as [{ error: string; seconds: number }, undefined];
  expect(gone).toBeUndefined();
  expect(left.error).toMatch(/^process 0 of 2 lost the others: /);
});

test('without the headers of a backend, the message says what to install', () => {
  const missing = hasGloo ? 'cuda' : 'cpu';
  if (native.collectiveBackends().includes('nccl')) return;
  expect(() => openProcessGroup({ rank: 0, size: 2, port: 0, device: missing })).toThrow(
    /this machine's bridge has no (nccl|gloo), .* or set resources\.processes to 1/,
  );
});
