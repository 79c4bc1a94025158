import { BgbError } from '../errors.ts';

/**
 * Training cannot go on, or should not: the run is aborted and publishes nothing (failures F10). Its last checkpoint can
 * still be resumed from, once the cause is mended.
 */
export class RunStop extends BgbError {}

/** Loss, gradient or predictions that are not finite and will not become so (failures F1). */
export class NotFiniteError extends RunStop {
  constructor(message: string) {
    super('TRAIN_NOT_FINITE', message);
  }
}

/** The model has stopped telling seizure from background (failures E1). */
export class CollapseError extends RunStop {
  constructor(message: string) {
    super('TRAIN_COLLAPSE', message);
  }
}

/** A batch does not fit into the memory of the device. */
export class OutOfMemoryError extends RunStop {
  constructor(message: string, cause: unknown) {
    super('TRAIN_MEMORY', message, { cause });
  }
}
