import { aten } from './aten.ts';
import { DeviceEvent } from './device.ts';
import { outsideScopes, scope } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** A tensor's values on their way to the host, while the device goes on with what comes after. Outlives scopes. */
export class HostCopy implements Disposable {
  readonly #values: Tensor;
  readonly #event: DeviceEvent;

  constructor(source: Tensor) {
    this.#values = outsideScopes(() =>
      scope(() => {
        if (source.device === 'cpu') return source.clone();
        const host = hostMemoryFor(source);
        aten.copy_({ self: host, src: source, non_blocking: true });
        return host;
      }),
    );
    this.#event = new DeviceEvent(source.device);
  }

  get isHere(): boolean {
    return this.#event.isDone;
  }

  /** Blocks until they are here. Disposed of with this. */
  wait(): Tensor {
    this.#event.wait();
    return this.#values;
  }

  [Symbol.dispose](): void {
    this.#values.dispose();
  }
}

/** Pinned, so that the copy need not be waited for; where the system gives none, as under WSL2, as it is. */
function hostMemoryFor({ shape, dtype }: Tensor): Tensor {
  const size = [...shape];
  try {
    return aten['empty.memory_format']({ size, dtype, pin_memory: true });
  } catch {
    return aten['empty.memory_format']({ size, dtype });
  }
}
