import { native } from './native.ts';
import type { Tensor } from './tensor.ts';

/**
 * bgb's own CUDA kernels (native/kernels/) compute some layers in one pass where ATen takes many. Each has a twin
 * in ATen operators, the same function, which every other device and dtype takes.
 */
let isAllowed = true;
let missing: string | null | undefined;

/** Why no kernel of bgb's own can run in this process, as a clause, or null where they can. */
export function kernelsMissing(): string | null {
  missing ??= native.kernelsMissing();
  return missing;
}

/** Whether kernels compute for this tensor: on CUDA, in float32 or bfloat16. */
export function hasKernels(x: Tensor): boolean {
  if (!isAllowed || x.device === 'cpu') return false;
  return (x.dtype === 'float32' || x.dtype === 'bfloat16') && kernelsMissing() === null;
}

/** Runs `body` on the twins in ATen operators alone, for comparisons. */
export function withoutKernels<T>(body: () => T): T {
  const before = isAllowed;
  isAllowed = false;
  try {
    return body();
  } finally {
    isAllowed = before;
  }
}

/** Compiles kernels for another architecture than the GPU's own, such as `compute_80`; null: for its own. */
export function setKernelArchitecture(architecture: string | null): void {
  native.setKernelArchitecture(architecture ?? '');
}

/** Bytes of shared memory that a block of threads may have on the current GPU; 0 where there is none. */
export function sharedMemoryLimit(): number {
  return native.sharedMemoryLimit();
}
