import { firstVisibleGpu, inForce, threadsOf } from '../config/index.ts';
import { captureEnvironment, describeGpu, type Environment } from '../runs/index.ts';
import { isCudaAvailable, libraryInfo } from '../torch/index.ts';

/**
 * The fingerprint of this machine and this code, as a run that starts here would record it; a run is not needed.
 *
 * @param given.root bgb's package folder
 * @param given.device in use; by default the one that `auto` means here
 * @param given.threads of libtorch; by default the usable cores
 * @param given.folders whose file systems are looked at
 */
export async function environmentFingerprint(given: {
  root: string;
  version: string;
  device?: string;
  threads?: number;
  /** That train together; by default 1. */
  processes?: number;
  folders?: { readonly cache: string; readonly output: string };
  variables?: Readonly<Record<string, string | undefined>>;
}): Promise<Environment> {
  const library = libraryInfo();
  const device = given.device ?? (isCudaAvailable() ? 'cuda' : 'cpu');
  return captureEnvironment({
    root: given.root,
    version: given.version,
    libtorch: library.version,
    cuda: /CUDA (?:Runtime )?([\d.]+)/.exec(library.configuration)?.[1] ?? null,
    gpus: device === 'cuda' ? await describeGpu(firstVisibleGpu()) : [],
    device,
    threads: given.threads ?? threadsOf({ threads: null }),
    processes: given.processes ?? 1,
    variables: inForce(given.variables),
    ...(given.folders && { folders: given.folders }),
  });
}
