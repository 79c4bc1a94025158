import { aten } from './aten.ts';
import {
  type Device,
  type Dtype,
  type MemoryFormat,
  type Scalar,
  type TypedArray,
  typedArrayOf,
} from './dtype.ts';
import { TorchError } from './errors.ts';
import { type NativeTensor, native } from './native.ts';
import { scope, setTensorTest, track } from './scope.ts';

type Dims = number | readonly number[];

/** Reductions: without `dim`, over all elements. */
interface Reduction {
  dim?: Dims;
  keepDim?: boolean;
}

// The native class is typed by hand: its `grad`, `dtype` and `device` get their precise types here.
const NativeBase = native.TensorBase as unknown as new (
  ...native: never[]
) => Omit<NativeTensor, 'grad' | 'dtype' | 'device'>;

/**
 * An n-dimensional array of libtorch's, with a dtype and a device.
 *
 * Memory is released when the scope it was made in ends (see {@link scope}), at the end of a `using` block, or
 * by `dispose()`; the garbage collector is only the net below. Operators return new tensors; a name that ends
 * in `_` changes the tensor itself, as in PyTorch. Anything not here is in {@link aten}.
 */
export class Tensor extends NativeBase implements Disposable {
  /** The element type. */
  get dtype(): Dtype {
    return Reflect.get(native.TensorBase.prototype, 'dtype', this) as Dtype;
  }

  /** Where the elements are. */
  get device(): Device {
    return Reflect.get(native.TensorBase.prototype, 'device', this) as Device;
  }

  /** The gradient that `backward()` accumulated, or null. */
  get grad(): Tensor | null {
    const grad = Reflect.get(native.TensorBase.prototype, 'grad', this) as Tensor | null;
    return grad === null ? null : track(grad);
  }

  set grad(value: Tensor | null) {
    Reflect.set(native.TensorBase.prototype, 'grad', value, this);
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  // Reading

  /**
   * The value of a tensor with one element. Waits for the device.
   * @throws TorchError when there is more than one element
   */
  item(): number {
    if (this.elementCount !== 1)
      throw new TorchError(
        'item',
        [],
        new RangeError(`expected one element, found shape [${this.shape.join(', ')}]`),
      );
    return this.toArray()[0]!;
  }

  /**
   * The elements in row-major order. Of a contiguous tensor on the CPU, this is its own memory: writing to it
   * changes the tensor. Otherwise a copy.
   */
  data(): TypedArray {
    return scope(() => {
      const onHost = this.to({ device: 'cpu' }).contiguous();
      return new (typedArrayOf(this.dtype))(native.toArrayBuffer(onHost));
    });
  }

  /** Copies the elements in row-major order into `target`, of the same number of bytes. */
  copyInto(target: TypedArray): void {
    native.copyInto(this, target);
  }

  /** The elements as numbers, row-major. */
  toArray(): number[] {
    return Array.from(scope(() => this.detach().to({ dtype: 'float64' }).data()) as Float64Array);
  }

  override toString(): string {
    if (this.isReleased) return 'Tensor(released)';
    return `Tensor(${this.dtype}[${this.shape.join(', ')}]${this.device === 'cpu' ? '' : ` on ${this.device}`})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  // Autograd

  /** Marks a leaf as one for which gradients are wanted; returns itself. */
  withGrad(): this {
    this.requiresGrad = true;
    return this;
  }

  /**
   * Accumulates into `.grad` of every leaf the derivative of this tensor (one element, or with `gradient`).
   * Blocks until done.
   */
  backward({ gradient = null, retainGraph = false, createGraph = false }: BackwardOptions = {}): void {
    try {
      native.backward([this], gradient === null ? null : [gradient], retainGraph || createGraph, createGraph);
    } catch (cause) {
      throw new TorchError('backward', [this.toString()], cause);
    }
  }

  /** The same memory without a history. */
  detach(): Tensor {
    return aten.detach({ self: this });
  }

  // Type, device, layout

  /** With another dtype or device; the tensor itself where nothing changes. */
  to({ device, dtype, nonBlocking = false, copy = false }: ToOptions): Tensor {
    return aten['to.dtype_layout']({
      self: this,
      ...(dtype && { dtype }),
      ...(device && { device }),
      non_blocking: nonBlocking,
      copy,
    });
  }

  clone(): Tensor {
    return aten.clone({ self: this });
  }

  contiguous(memory_format: MemoryFormat = 'contiguous_format'): Tensor {
    return aten.contiguous({ self: this, memory_format });
  }

  // Shape

  reshape(...shape: number[]): Tensor {
    return aten.reshape({ self: this, shape });
  }

  view(...size: number[]): Tensor {
    return aten.view({ self: this, size });
  }

  permute(...dims: number[]): Tensor {
    return aten.permute({ self: this, dims });
  }

  transpose(dim0: number, dim1: number): Tensor {
    return aten['transpose.int']({ self: this, dim0, dim1 });
  }

  unsqueeze(dim: number): Tensor {
    return aten.unsqueeze({ self: this, dim });
  }

  squeeze(dim: number): Tensor {
    return aten['squeeze.dim']({ self: this, dim });
  }

  expand(...size: number[]): Tensor {
    return aten.expand({ self: this, size });
  }

  flip(...dims: number[]): Tensor {
    return aten.flip({ self: this, dims });
  }

  /** Elements `start` to `end` (exclusive; to the last one when left out) along `dim`. A view. */
  slice(dim: number, start: number, end?: number): Tensor {
    return aten['slice.Tensor']({ self: this, dim, start, ...(end !== undefined && { end }) });
  }

  /** The sub-tensor at `index` along `dim`, which disappears. A view. */
  select(dim: number, index: number): Tensor {
    return aten['select.int']({ self: this, dim, index });
  }

  indexSelect(dim: number, index: Tensor): Tensor {
    return aten.index_select({ self: this, dim, index });
  }

  split(sizes: number[], dim: number): Tensor[] {
    return aten.split_with_sizes({ self: this, split_sizes: sizes, dim });
  }

  // Arithmetic

  add(other: Tensor | Scalar): Tensor {
    return other instanceof Tensor
      ? aten['add.Tensor']({ self: this, other })
      : aten['add.Scalar']({ self: this, other });
  }

  sub(other: Tensor | Scalar): Tensor {
    return other instanceof Tensor
      ? aten['sub.Tensor']({ self: this, other })
      : aten['sub.Scalar']({ self: this, other });
  }

  mul(other: Tensor | Scalar): Tensor {
    return other instanceof Tensor
      ? aten['mul.Tensor']({ self: this, other })
      : aten['mul.Scalar']({ self: this, other });
  }

  div(other: Tensor | Scalar): Tensor {
    return other instanceof Tensor
      ? aten['div.Tensor']({ self: this, other })
      : aten['div.Scalar']({ self: this, other });
  }

  pow(exponent: Scalar): Tensor {
    return aten['pow.Tensor_Scalar']({ self: this, exponent });
  }

  matmul(other: Tensor): Tensor {
    return aten.matmul({ self: this, other });
  }

  neg(): Tensor {
    return aten.neg({ self: this });
  }

  exp(): Tensor {
    return aten.exp({ self: this });
  }

  log(): Tensor {
    return aten.log({ self: this });
  }

  sqrt(): Tensor {
    return aten.sqrt({ self: this });
  }

  abs(): Tensor {
    return aten.abs({ self: this });
  }

  sigmoid(): Tensor {
    return aten.sigmoid({ self: this });
  }

  relu(): Tensor {
    return aten.relu({ self: this });
  }

  silu(): Tensor {
    return aten.silu({ self: this });
  }

  softplus(): Tensor {
    return aten.softplus({ self: this });
  }

  clampMin(min: Scalar): Tensor {
    return aten.clamp_min({ self: this, min });
  }

  /** Whether each element equals `other`, as bool. */
  eq(other: Tensor | Scalar): Tensor {
    return other instanceof Tensor
      ? aten['eq.Tensor']({ self: this, other })
      : aten['eq.Scalar']({ self: this, other });
  }

  isFinite(): Tensor {
    return aten.isfinite({ self: this });
  }

  cumsum(dim: number): Tensor {
    return aten.cumsum({ self: this, dim });
  }

  sum({ dim, keepDim = false }: Reduction = {}): Tensor {
    if (dim === undefined) return aten.sum({ self: this });
    return aten['sum.dim_IntList']({ self: this, dim: dims(dim), keepdim: keepDim });
  }

  mean({ dim, keepDim = false }: Reduction = {}): Tensor {
    if (dim === undefined) return aten.mean({ self: this });
    return aten['mean.dim']({ self: this, dim: dims(dim), keepdim: keepDim });
  }

  amax({ dim = [], keepDim = false }: Reduction = {}): Tensor {
    return aten.amax({ self: this, dim: dims(dim), keepdim: keepDim });
  }

  // In place

  add_(other: Tensor, { alpha = 1 }: { alpha?: Scalar } = {}): this {
    return this.#inPlace(aten['add_.Tensor']({ self: this, other, alpha }));
  }

  mul_(other: Tensor | Scalar): this {
    return this.#inPlace(
      other instanceof Tensor
        ? aten['mul_.Tensor']({ self: this, other })
        : aten['mul_.Scalar']({ self: this, other }),
    );
  }

  /** Gives up its own memory for that of `source`; both are then the same elements. */
  set_(source: Tensor): this {
    return this.#inPlace(aten['set_.source_Tensor']({ self: this, source }));
  }

  /** Becomes the same elements as `source`, which may differ in dtype and device; a leaf stays a leaf. */
  setData(source: Tensor): this {
    native.setData(this, source);
    return this;
  }

  copy_(source: Tensor): this {
    return this.#inPlace(aten.copy_({ self: this, src: source }));
  }

  fill_(value: Scalar): this {
    return this.#inPlace(aten['fill_.Scalar']({ self: this, value }));
  }

  zero_(): this {
    return this.#inPlace(aten.zero_({ self: this }));
  }

  // An operator that works in place returns a second handle on the same tensor, which nobody needs.
  #inPlace(alias: Tensor): this {
    alias.dispose();
    return this;
  }
}

interface BackwardOptions {
  /** The derivative of the final loss by this tensor; needed unless this tensor has one element. */
  gradient?: Tensor | null;
  retainGraph?: boolean;
  /** Makes the gradients differentiable in turn. */
  createGraph?: boolean;
}

interface ToOptions {
  device?: Device;
  dtype?: Dtype;
  /** Returns before a copy between host and device is done; read it back only after a device event. */
  nonBlocking?: boolean;
  copy?: boolean;
}

function dims(dim: Dims): readonly number[] {
  return typeof dim === 'number' ? [dim] : dim;
}

native.setTensorClass(Tensor);
setTensorTest((value): value is Tensor => value instanceof Tensor);
