import { InputError } from '../errors.ts';
import type { Notice } from './notices.ts';
import type { Config } from './schema.ts';

/**
 * Holds the configuration against the machine.
 *
 * @throws InputError `CONFIG_DEVICE` where `experiment.device` asks for CUDA and there is none
 */
export function checkDevice(config: Config, { cudaAvailable }: { cudaAvailable: boolean }): Notice[] {
  const { experiment, data } = config;
  if (experiment.device === 'cuda' && !cudaAvailable) {
    throw new InputError(
      'CONFIG_DEVICE',
      'experiment.device: expected a machine with CUDA, found none (no GPU, or a libtorch without CUDA). Set ' +
        'experiment.device to auto or cpu, or point BGB_LIBTORCH at a libtorch with CUDA and run make setup.',
    );
  }
  const device = resolvedDevice(config, { cudaAvailable });
  if (device === 'cuda') return [];
  const notices: Notice[] = [];
  if (data.pin_memory) {
    const message =
      'data.pin_memory has no effect: memory is pinned for copies to a GPU, and this run uses the CPU.';
    notices.push({ code: 'CONFIG_PIN_MEMORY', message });
  }
  if (data.residency === 'device') {
    const message = "data.residency 'device' is the machine's own memory here: this run uses the CPU.";
    notices.push({ code: 'CONFIG_RESIDENCY', message });
  }
  return notices;
}

/** What `experiment.device` means on a machine. */
export function resolvedDevice(
  config: Config,
  { cudaAvailable }: { cudaAvailable: boolean },
): 'cpu' | 'cuda' {
  const { device } = config.experiment;
  return device === 'auto' ? (cudaAvailable ? 'cuda' : 'cpu') : device;
}
