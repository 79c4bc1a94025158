import { BgbError } from '../errors.ts';
import type { Tensor } from './tensor.ts';

/**
 * Releases every tensor that is made while it is open, except those handed to {@link keep}. Scopes nest; a
 * kept tensor belongs to the scope around it.
 *
 * ```ts
 * {
 *   using step = new Scope();
 *   const loss = step.keep(model(batch).mean());
 * } // everything but `loss` is released here
 * ```
 */
export class Scope implements Disposable {
  readonly #outer: Scope | null;
  readonly #tensors = new Set<Tensor>();
  #isOpen = true;

  constructor() {
    this.#outer = current;
    current = this;
  }

  /** Adds a tensor to those that this scope releases. */
  track(tensor: Tensor): void {
    this.#tensors.add(tensor);
  }

  /** Hands a tensor, or every tensor within arrays and plain objects, to the scope around this one. */
  keep<T>(value: T): T {
    for (const tensor of tensorsIn(value)) {
      if (this.#tensors.delete(tensor)) trackIn(this.#outer, tensor);
    }
    return value;
  }

  /** Those tensors within `value` that this scope would release. */
  owned(value: unknown): Tensor[] {
    return [...tensorsIn(value)].filter((tensor) => this.#tensors.has(tensor));
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    if (current !== this)
      throw new BgbError(
        'TORCH_SCOPE',
        'a Scope was closed while one opened after it is still open; close them in reverse order',
      );
    this.#isOpen = false;
    current = this.#outer;
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors.clear();
  }
}

let current: Scope | null = null;

/**
 * Runs `body` and releases every tensor made in it except those in its result (in arrays and plain objects
 * too). `body` must be synchronous: a scope held open across an `await` would catch other code's tensors.
 *
 * @throws BgbError `TORCH_SCOPE` when `body` returns a promise
 */
export function scope<T>(body: () => T): T {
  using inner = new Scope();
  const result = body();
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new BgbError(
      'TORCH_SCOPE',
      'scope() takes a synchronous function; open a Scope around each synchronous part instead',
    );
  }
  return inner.keep(result);
}

/**
 * Runs `body` outside every scope: what it makes outlives those that are open, and whoever holds it disposes of it.
 * For what is made deep within a computation and read after it, such as the gradient of a layer's output.
 */
export function outsideScopes<T>(body: () => T): T {
  const before = current;
  current = null;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** Registers a new tensor with the open scope; outside any, tells V8 of its memory so that it is collected. */
export function track<T extends Tensor>(tensor: T): T {
  trackIn(current, tensor);
  return tensor;
}

function trackIn(scope: Scope | null, tensor: Tensor): void {
  if (scope === null) tensor.reportMemory();
  else scope.track(tensor);
}

function* tensorsIn(value: unknown): Generator<Tensor> {
  if (value === null || typeof value !== 'object') return;
  if (isTensor(value)) {
    yield value;
  } else if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    const items: Iterable<unknown> = value instanceof Map ? value.values() : value;
    for (const item of items) yield* tensorsIn(item);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) yield* tensorsIn(item);
  }
}

let isTensor: (value: object) => value is Tensor = (_value): _value is Tensor => false;

/** tensor.ts says here what a tensor is, which saves an import cycle at load. */
export function setTensorTest(test: (value: object) => value is Tensor): void {
  isTensor = test;
}
