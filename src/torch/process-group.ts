/**
 * Processes of one machine that compute one result together: libtorch's c10d, over NCCL on CUDA and gloo on the CPU.
 *
 * ```ts
 * using group = openProcessGroup({ rank, size: 2, port, device: 'cpu' });
 * group.allReduce(gradients); // now the sum over both processes, in each
 * ```
 */
import { BgbError, messageOf } from '../errors.ts';
import type { Device } from './dtype.ts';
import { native } from './native.ts';
import type { Tensor } from './tensor.ts';

export interface ProcessGroupOptions {
  /** This process's place, from 0. */
  readonly rank: number;
  readonly size: number;
  /** Of this machine, at which rank 0 listens; 0 lets rank 0 choose. */
  readonly port: number;
  /** Where the tensors are. */
  readonly device: Device;
  /** So long one process waits for another. */
  readonly timeoutS?: number;
  /** Told the port before the others are waited for. */
  readonly onPort?: (port: number) => void;
}

/** A process's membership of a group. */
export class ProcessGroup implements Disposable {
  readonly rank: number;
  readonly size: number;
  /** What operators such as `bgb::sync_batch_norm` know the group by. */
  readonly id: number;

  constructor(id: number, rank: number, size: number) {
    this.id = id;
    this.rank = rank;
    this.size = size;
  }

  /** Sums a contiguous tensor over all processes, in place. @throws BgbError `TORCH_PEERS` when one of them is gone */
  allReduce(tensor: Tensor): Tensor {
    this.#guarded(() => native.allReduce(this.id, tensor));
    return tensor;
  }

  /** Makes a contiguous tensor that of process `from`. @throws BgbError as {@link allReduce} */
  broadcast(tensor: Tensor, from = 0): Tensor {
    this.#guarded(() => native.broadcast(this.id, tensor, from));
    return tensor;
  }

  /** Says something once, under a name of its own, to whoever {@link ask}s. */
  tell(name: string, text: string): void {
    this.#guarded(() => native.tellPeers(this.id, name, text));
  }

  /** What another process has told, or will: waits for it. @throws BgbError as {@link allReduce} */
  ask(name: string): string {
    return this.#guarded(() => native.askPeers(this.id, name));
  }

  /** Leaves the group. */
  [Symbol.dispose](): void {
    native.closeProcessGroup(this.id);
  }

  #guarded<T>(body: () => T): T {
    try {
      return body();
    } catch (cause) {
      throw new BgbError(
        'TORCH_PEERS',
        `process ${this.rank} of ${this.size} lost the others: ${messageOf(cause).split('\n')[0]}`,
        { cause },
      );
    }
  }
}

/** Whether the bridge can join processes whose tensors are there: it was compiled with the headers of the library below. */
export function isTogetherPossible(device: Device): boolean {
  return native.collectiveBackends().includes(backendOf(device));
}

function backendOf(device: Device): 'gloo' | 'nccl' {
  return device === 'cpu' ? 'gloo' : 'nccl';
}

/** Joins a group; returns when all its processes have. @throws BgbError `TORCH_PEERS` when they do not come in time */
export function openProcessGroup(options: ProcessGroupOptions): ProcessGroup {
  const { rank, size, port, device, timeoutS = 60, onPort } = options;
  const backend = backendOf(device);
  if (!isTogetherPossible(device))
    throw new BgbError(
      'TORCH_COLLECTIVES',
      `this machine's bridge has no ${backend}, which ${size} processes on ${device} need: its headers were not found when the bridge was compiled. ${backend === 'gloo' ? "Install them ('apt-get install libgloo-dev')" : "Install NCCL's and CUDA's headers ('pip install nvidia-nccl-cu13 nvidia-cuda-runtime')"} and run 'make setup', or set resources.processes to 1.`,
    );
  try {
    const opened = native.openProcessGroup({
      ...{ rank, size, port, backend },
      timeoutMs: timeoutS * 1000,
      ...(onPort && { onPort }),
    });
    return new ProcessGroup(opened.id, rank, size);
  } catch (cause) {
    throw new BgbError(
      'TORCH_PEERS',
      `process ${rank} of ${size} did not find the others: ${messageOf(cause).split('\n')[0]}`,
      { cause },
    );
  }
}

/** Sums flat gradients over a group's processes, in buckets, while backward still computes the rest. */
export class GradientReducer implements Disposable {
  readonly #native: { arm(): void; finish(): void; dispose(): void };

  /**
   * @param parameters in the order in which their gradients lie in the flat buffer
   * @param gradients (N), of which each parameter's gradient is a view
   * @param bucketElements so many are reduced at once, at least
   */
  constructor(
    group: ProcessGroup,
    parameters: readonly Tensor[],
    gradients: Tensor,
    bucketElements = 6_553_600,
  ) {
    this.#native = new native.GradientReducer(group.id, parameters, gradients, bucketElements);
  }

  /** Before the backward whose gradients are complete. */
  arm(): void {
    this.#native.arm();
  }

  /** Afterwards: the gradients are sums. */
  finish(): void {
    this.#native.finish();
  }

  [Symbol.dispose](): void {
    this.#native.dispose();
  }
}
