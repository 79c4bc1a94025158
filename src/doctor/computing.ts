import { messageOf } from '../errors.ts';
import type { Library } from './machine.ts';

/** What doctor asks of the rooms that need libtorch. */
export type Computing = Pick<
  typeof import('../train/index.ts'),
  'residencyOf' | 'planMemory' | 'hostMemory' | 'openProbe'
>;

/** Loads libtorch and what computes with it. A bridge that is missing or broken is something to report, no reason to stop. */
export async function loadComputing(): Promise<{
  library: Library;
  computing: Computing | null;
  freeBytes: number | null;
}> {
  try {
    const { libraryInfo, freeMemory, isCudaAvailable } = await import('../torch/index.ts');
    const { version, hasCuda, cudaDevices } = libraryInfo();
    const computing = await import('../train/index.ts');
    return {
      library: { problem: null, version, hasCuda, cudaDevices },
      computing,
      freeBytes: isCudaAvailable() ? freeMemory('cuda') : null,
    };
  } catch (error) {
    return { library: { problem: messageOf(error) }, computing: null, freeBytes: null };
  }
}
