import { BgbError } from '../errors.ts';
import { type NativeGraph, native } from './native.ts';

/** Whether the bridge was built with CUDA graphs: libtorch has CUDA, and CUDA's headers were found beside it. */
export function hasGraphs(): boolean {
  return native.graphsAvailable;
}

/** Moves this thread's CUDA work to a stream of its own, which a graph can be recorded on. Waits for the device. */
export function useOwnStream(): void {
  native.useOwnStream?.();
}

/** Bytes of the current GPU that tensors have, had at most, and that were kept for them at most. */
export function cudaMemory(): { allocated: number; peak: number; reserved: number } | null {
  return native.cudaMemory?.() ?? null;
}

/** Starts {@link cudaMemory}'s peak anew. */
export function resetCudaPeak(): void {
  native.resetCudaPeak?.();
}

/**
 * CUDA work that is recorded once and then started as a whole, at the cost of one launch. It reads and writes the
 * memory that it was recorded with: what changes between runs is copied into the same tensors.
 */
export class CudaGraph implements Disposable {
  readonly #graph: NativeGraph;

  /** Records what `body` starts, without running it. @throws BgbError `TORCH_NO_GRAPHS` */
  constructor(body: () => void) {
    if (native.CudaGraph === undefined)
      throw new BgbError(
        'TORCH_NO_GRAPHS',
        'the bridge was built without CUDA graphs; ask hasGraphs() first',
      );
    this.#graph = new native.CudaGraph();
    this.#graph.begin();
    try {
      body();
    } catch (error) {
      this.#abandon();
      throw error;
    }
    this.#graph.end();
  }

  // Recording must end also where the body failed; that it cannot end well then says nothing new.
  #abandon(): void {
    try {
      this.#graph.end();
    } catch {}
  }

  /** Starts the recorded work. */
  replay(): void {
    this.#graph.replay();
  }

  [Symbol.dispose](): void {
    this.#graph.release();
  }
}
