/**
 * Tensors on libtorch.
 *
 * ```ts
 * import { scope, tensor } from 'bgb/torch';
 *
 * const weight = tensor([[1, 2], [3, 4]]).withGrad();
 * const loss = scope(() => weight.matmul(tensor([[1], [1]])).pow(2).sum()); // the rest is released here
 * loss.backward();
 * weight.grad?.toArray(); // [6, 6, 14, 14]
 * ```
 */

export type { Aten } from './aten.generated.ts';
export { aten, type OwnOperators, own } from './aten.ts';
export { autocast, autocastDtype, enableGrad, gradients, isGradEnabled, noGrad } from './autograd.ts';
export {
  DeviceEvent,
  defaultDevice,
  freeMemory,
  hostTensorMemory,
  isCudaAvailable,
  type LibraryInfo,
  libraryInfo,
  liveTensors,
  manualSeed,
  profiled,
  setDeterministic,
  setTf32,
  setThreads,
  synchronize,
  threads,
  withDevice,
} from './device.ts';
export type { Device, Dtype, MemoryFormat, Scalar, TypedArray } from './dtype.ts';
export { TorchError } from './errors.ts';
export { arange, cat, empty, fromTypedArray, full, ones, stack, tensor, zeros } from './factories.ts';
export { CudaGraph, cudaMemory, hasGraphs, resetCudaPeak, useOwnStream } from './graph.ts';
export { HostCopy } from './host-copy.ts';
export {
  computeCapability,
  hasKernels,
  kernelsMissing,
  setKernelArchitecture,
  sharedMemoryLimit,
  withoutKernels,
} from './kernels.ts';
export { has, operator } from './operator.ts';
export {
  GradientReducer,
  isTogetherPossible,
  openProcessGroup,
  ProcessGroup,
  type ProcessGroupOptions,
} from './process-group.ts';
export { outsideScopes, Scope, scope } from './scope.ts';
export { Tensor } from './tensor.ts';
