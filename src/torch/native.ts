import { createRequire } from 'node:module';
import { ensureBridge } from '../bridge/index.ts';
import { BgbError, messageOf } from '../errors.ts';

/** What `native/*.cc` exports. Internal to src/torch: everything else goes through {@link Tensor}. */
export interface NativeBridge {
  readonly TensorBase: new () => NativeTensor;
  setTensorClass(tensorClass: unknown): void;
  operatorId(name: string): number;
  operatorSchema(id: number): string;
  operatorArguments(id: number): string[];
  callOperator(id: number, values: readonly unknown[]): unknown;
  allSchemas(): string[];
  fromTypedArray(array: ArrayBufferView, shape: readonly number[], dtype: string, isShared: boolean): unknown;
  toArrayBuffer(tensor: unknown): ArrayBuffer;
  copyInto(tensor: unknown, array: ArrayBufferView): void;
  setData(tensor: unknown, source: unknown): void;
  hostMemory(isMarking: boolean): { inUse: number; peak: number };
  liveTensors(): number;
  backward(
    roots: readonly unknown[],
    gradients: readonly unknown[] | null,
    retainGraph: boolean,
    createGraph: boolean,
  ): void;
  gradients(
    outputs: readonly unknown[],
    inputs: readonly unknown[],
    gradients: readonly unknown[] | null,
    retainGraph: boolean,
    createGraph: boolean,
  ): unknown[];
  isGradEnabled(): boolean;
  setGradEnabled(isEnabled: boolean): void;
  autocast(device: string): string | null;
  setAutocast(device: string, dtype: string | null): void;
  libraryInfo(): { version: string; hasCuda: boolean; cudaDevices: number; configuration: string };
  threads(): number;
  setThreads(count: number): void;
  setTf32(isAllowed: boolean): void;
  freeCudaMemory(): number | null;
  setProfiled(isProfiled: boolean): void;
  setDeterministic(isDeterministic: boolean): void;
  manualSeed(seed: number): void;
  collectiveBackends(): string[];
  openProcessGroup(options: {
    rank: number;
    size: number;
    port: number;
    backend: string;
    timeoutMs: number;
    onPort?: (port: number) => void;
  }): { id: number; port: number };
  closeProcessGroup(id: number): void;
  allReduce(id: number, tensor: unknown): void;
  broadcast(id: number, tensor: unknown, from: number): void;
  tellPeers(id: number, name: string, text: string): void;
  askPeers(id: number, name: string): string;
  readonly GradientReducer: new (
    group: number,
    parameters: readonly unknown[],
    gradients: unknown,
    bucketElements: number,
  ) => { arm(): void; finish(): void; dispose(): void };
  kernelsMissing(): string | null;
  setKernelArchitecture(architecture: string): void;
  sharedMemoryLimit(): number;
  readonly graphsAvailable: boolean;
  useOwnStream?(): void;
  cudaMemory?(): { allocated: number; peak: number; reserved: number };
  resetCudaPeak?(): void;
  readonly CudaGraph?: new () => NativeGraph;
  readonly DeviceEvent: new (device: string) => { readonly isDone: boolean; wait(): void };
}

/** A CUDA graph of `native/cuda_graph.cc`. */
export interface NativeGraph {
  begin(): void;
  end(): void;
  replay(): void;
  release(): void;
}

/** The native half of a tensor; `Tensor` extends it. */
export interface NativeTensor {
  readonly shape: number[];
  readonly strides: number[];
  readonly dtype: string;
  readonly device: string;
  readonly elementCount: number;
  readonly isReleased: boolean;
  readonly isLeaf: boolean;
  readonly isContiguous: boolean;
  requiresGrad: boolean;
  grad: unknown;
  dispose(): void;
  reportMemory(): void;
}

function load(): NativeBridge {
  const addon = ensureBridge();
  try {
    return createRequire(import.meta.url)(addon) as NativeBridge;
  } catch (cause) {
    throw new BgbError(
      'TORCH_BRIDGE_LOAD',
      `the bridge to libtorch does not load: ${messageOf(cause)}. If libtorch was moved or updated, build it again: 'make setup', or in a bundle 'bgb build-bridge'.`,
      { cause },
    );
  }
}

export const native: NativeBridge = load();
