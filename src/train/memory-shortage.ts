import { messageOf } from '../errors.ts';
import { OutOfMemoryError } from './run-stop.ts';

// libtorch's CUDA allocator, CUDA itself, cuBLAS; libtorch's and bgb's allocator on the CPU.
const SHORTAGE =
  /out of memory|CUBLAS_STATUS_ALLOC_FAILED|can't allocate memory|not enough memory|bad_alloc/i;

/** Whether an error says that there was no memory left. */
export function isMemoryShortage(error: unknown): boolean {
  return error instanceof Error && SHORTAGE.test(messageOf(error));
}

/**
 * What to do where a batch did not fit.
 *
 * @param fitting windows that would fit at once, 0 where not even one does, null where that is not known
 */
export function outOfMemory(
  cause: unknown,
  { during, batchSize, fitting }: { during: string; batchSize: number; fitting: number | null },
): OutOfMemoryError {
  const advice =
    fitting === null
      ? 'Lower training.batch_size; training.gradient_accumulation_steps keeps the windows of a step as many.'
      : fitting === 0
        ? 'Not even one window would fit: choose a smaller model, a shorter data.window_size, or a device with more memory.'
        : fitting >= batchSize
          ? `By bgb model, ${fitting} would fit if the device were free: something else uses its memory, or little is missing. Lower training.batch_size.`
          : `A batch of ${fitting} would fit: set training.batch_size to ${fitting}${batchSize % fitting === 0 ? ` and training.gradient_accumulation_steps to ${batchSize / fitting} times what it is, for the same windows a step` : ', with more training.gradient_accumulation_steps'}.`;
  const [first] = messageOf(cause).split('\n');
  return new OutOfMemoryError(
    `The memory does not suffice (${during}, batches of ${batchSize} windows). ${advice} libtorch says: ${first}`,
    cause,
  );
}
