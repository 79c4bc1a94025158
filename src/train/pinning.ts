import { messageOf } from '../errors.ts';
import { aten, type Tensor } from '../torch/index.ts';

/**
 * Pinned pages, which a GPU reads while it computes, as long as the system gives any: WSL2 gives few. From the first refusal
 * on, memory is used as it is, which is slower and gives the same batches.
 */
export class Pinning {
  readonly #say: (sentence: string) => void;
  readonly #pin: (tensor: Tensor) => Tensor;
  #isOn: boolean;

  /**
   * @param say is told of the refusal, once
   * @param pin copies a tensor into pinned memory, or throws
   */
  constructor(
    isOn: boolean,
    say: (sentence: string) => void = () => undefined,
    pin: (tensor: Tensor) => Tensor = (tensor) => aten.pin_memory({ self: tensor }),
  ) {
    this.#isOn = isOn;
    this.#say = say;
    this.#pin = pin;
  }

  /** The tensor in pinned memory; null where it is to be taken as it is. */
  pinned(tensor: Tensor): Tensor | null {
    if (!this.#isOn) return null;
    try {
      return this.#pin(tensor);
    } catch (error) {
      this.#isOn = false;
      this.#say(
        `data.pin_memory: the system gives no pinned memory (${messageOf(error).split('\n')[0]}); batches are copied from memory as it is, which is slower. Under WSL2, more memory in .wslconfig helps.`,
      );
      return null;
    }
  }
}
