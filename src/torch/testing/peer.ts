// One process of a group, for process-group.test.ts: told its part over IPC, answers with what it computed.
import {
  aten,
  GradientReducer,
  openProcessGroup,
  own,
  type ProcessGroup,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../index.ts';
import { SHAPE, SHARES, windowsOf } from './peer-windows.ts';

export interface Part {
  readonly rank: number;
  readonly size: number;
  readonly port: number;
  readonly job: keyof typeof JOBS;
}

const JOBS = {
  sum(group: ProcessGroup) {
    const own = tensor([1, 10]).mul(group.rank + 1);
    const first = group.broadcast(tensor([group.rank + 5]), 1).item();
    if (group.rank === 1) group.tell('word', 'zwölf');
    return { sum: group.allReduce(own.contiguous()).toArray(), first, word: group.ask('word') };
  },
  even: (group: ProcessGroup) => normalised(group, 'even'),
  uneven: (group: ProcessGroup) => normalised(group, 'uneven'),
  idle: (group: ProcessGroup) => normalised(group, 'idle'),
  gradients(group: ProcessGroup) {
    const parameters = [tensor([1, 2]).withGrad(), tensor([3]).withGrad(), tensor([[4, 5, 6]]).withGrad()];
    const flat = zeros([6]);
    let start = 0;
    for (const parameter of parameters) {
      const end = start + parameter.elementCount;
      parameter.grad = flat.slice(0, start, end).view(...parameter.shape);
      start = end;
    }
    using reducer = new GradientReducer(group, parameters, flat, 2);
    const rounds: number[][] = [];
    for (const round of [1, 2]) {
      flat.zero_();
      // The second parameter has a gradient in one process alone. First without: gradients that are added up.
      const backward = (factor: number) =>
        scope(() => {
          const [a, b, c] = parameters as [Tensor, Tensor, Tensor];
          const both = a.sum().add(c.pow(2).sum()).mul(factor);
          (group.rank === 0 ? both.add(b.sum().mul(100)) : both).backward();
        });
      backward(1);
      reducer.arm();
      backward((group.rank + 1) * round);
      reducer.finish();
      rounds.push(flat.toArray() as number[]);
    }
    return rounds;
  },
  vanish(group: ProcessGroup) {
    if (group.rank === 1) process.kill(process.pid, 'SIGKILL');
    const start = performance.now();
    try {
      group.allReduce(tensor([1]));
      return { error: null };
    } catch (error) {
      return { error: (error as Error).message, seconds: (performance.now() - start) / 1000 };
    }
  },
};

function normalised(group: ProcessGroup, name: keyof typeof SHARES) {
  const { channels, length } = SHAPE;
  const shares = SHARES[name];
  const mine = shares[group.rank]!;
  const isIdle = mine.length === 0;
  const input = windowsOf(isIdle ? [0] : mine, channels, length).withGrad();
  const weight = tensor([0.5, 1, 2], { dtype: 'float64' }).withGrad();
  const bias = tensor([0, 1, -1], { dtype: 'float64' }).withGrad();
  const running = [
    zeros([channels], { dtype: 'float64' }),
    aten.ones({ size: [channels], dtype: 'float64' }),
  ] as const;
  const output = own.sync_batch_norm({
    input,
    weight,
    bias,
    running_mean: running[0],
    running_var: running[1],
    counts: shares.map((windows) => windows.length * length),
    momentum: 0.1,
    eps: 1e-5,
    group: group.id,
  });
  output
    .pow(3)
    .sum()
    .mul(isIdle ? 0 : 1)
    .backward();
  return {
    output: isIdle ? [] : output.reshape(-1).toArray(),
    input: isIdle ? [] : input.grad!.reshape(-1).toArray(),
    idle: isIdle ? input.grad!.abs().sum().item() : 0,
    weight: group.allReduce(weight.grad!.contiguous()).toArray(),
    bias: group.allReduce(bias.grad!.contiguous()).toArray(),
    running: running.map((tensor) => tensor.toArray()),
  };
}

process.once('message', ({ rank, size, port, job }: Part) => {
  using group = openProcessGroup({
    ...{ rank, size, port },
    device: 'cpu',
    timeoutS: 20,
    onPort: (chosen) => rank === 0 && process.send!({ port: chosen }),
  });
  process.send!({ result: JOBS[job](group) }, () => process.disconnect());
});
