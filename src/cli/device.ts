import { InputError } from '../errors.ts';
import { type Device, isCudaAvailable } from '../torch/index.ts';

/** Where `--device` (auto, cpu or cuda) computes on this machine. @throws InputError `CONFIG_DEVICE` without CUDA */
export function deviceOf(wanted: string): Device {
  const hasCuda = isCudaAvailable();
  if (wanted === 'cuda' && !hasCuda)
    throw new InputError(
      'CONFIG_DEVICE',
      '--device cuda: expected a machine with CUDA, found none. Use auto or cpu.',
    );
  return wanted !== 'cpu' && hasCuda ? 'cuda' : 'cpu';
}
