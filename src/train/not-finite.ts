import { BgbError } from '../errors.ts';

/** Loss, gradient or predictions that are not finite and will not become so: nothing more is published (failures F10). */
export class NotFiniteError extends BgbError {
  constructor(message: string) {
    super('TRAIN_NOT_FINITE', message);
  }
}
