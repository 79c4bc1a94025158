import { BgbError } from '../errors.ts';
import type { Device } from './dtype.ts';
import { native } from './native.ts';

/** The libtorch that the bridge was loaded with. */
export interface LibraryInfo {
  readonly version: string;
  readonly hasCuda: boolean;
  readonly cudaDevices: number;
  /** Build configuration in libtorch's own words. */
  readonly configuration: string;
}

/** The libtorch that bgb runs on. */
export function libraryInfo(): LibraryInfo {
  return native.libraryInfo();
}

/** Whether a CUDA device can be used. */
export function isCudaAvailable(): boolean {
  const { hasCuda, cudaDevices } = native.libraryInfo();
  return hasCuda && cudaDevices > 0;
}

let device: Device = 'cpu';

/** The device on which factories make tensors in this thread: the CPU unless {@link withDevice} says otherwise. */
export function defaultDevice(): Device {
  return device;
}

/**
 * Runs `body` with another default device in this thread.
 *
 * @throws BgbError `TORCH_NO_CUDA` when a CUDA device is asked for and there is none
 */
export function withDevice<T>(wanted: Device, body: () => T): T {
  if (wanted !== 'cpu' && !isCudaAvailable())
    throw new BgbError(
      'TORCH_NO_CUDA',
      `device ${wanted} was asked for, but libtorch ${native.libraryInfo().version} sees no CUDA device`,
    );
  const before = device;
  device = wanted;
  try {
    return body();
  } finally {
    device = before;
  }
}

/** Free bytes of a CUDA device, 0 where the CUDA runtime does not say; null on the CPU. */
export function freeMemory(of: Device): number | null {
  return of === 'cpu' ? null : (native.freeCudaMemory() ?? 0);
}

/**
 * Bytes of CPU tensors in this process: those in use, and the most that were since the last call that marked.
 *
 * @param options.isMarking start counting the most anew
 */
export function hostTensorMemory({ isMarking = false } = {}): { inUse: number; peak: number } {
  return native.hostMemory(isMarking);
}

/** Intra-op threads of this thread's operators. */
export function threads(): number {
  return native.threads();
}

/** Sets {@link threads}. The same count gives the same bits on one machine; another count may not. */
export function setThreads(count: number): void {
  native.setThreads(count);
}

/** Allows TF32 in float32 matrix products and convolutions on CUDA. */
export function setTf32(isAllowed: boolean): void {
  native.setTf32(isAllowed);
}

/** Runs `body` as the part that a CUDA profiler started with `--profile-from-start off` looks at. */
export function profiled<T>(body: () => T): T {
  native.setProfiled(true);
  try {
    return body();
  } finally {
    native.setProfiled(false);
  }
}

/** Asks cuDNN for deterministic algorithms. Operators on the CPU are deterministic for a given thread count. */
export function setDeterministic(isDeterministic: boolean): void {
  native.setDeterministic(isDeterministic);
}

/** Seeds the CPU generator that `aten.normal_` and the like draw from. */
export function manualSeed(seed: number): void {
  native.manualSeed(seed);
}

/** Tensors of this thread that have not been released; for tests of memory. */
export function liveTensors(): number {
  return native.liveTensors();
}

/**
 * A point in a device's stream of work, set where it is made: `isDone` once all work before it is done.
 * On the CPU it is done at once.
 */
export class DeviceEvent {
  readonly #event: { readonly isDone: boolean; wait(): void };

  constructor(on: Device) {
    this.#event = new native.DeviceEvent(on);
  }

  get isDone(): boolean {
    return this.#event.isDone;
  }

  /** Blocks until done. */
  wait(): void {
    this.#event.wait();
  }
}

/** Blocks until all work given to the device is done. */
export function synchronize(on: Device): void {
  new DeviceEvent(on).wait();
}
