/** What nvidia-smi says of a GPU. Where there is none, nothing is known, which is never an error. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A GPU at one moment; null for what it does not tell, as under MIG. */
export interface GpuSample {
  /** Share of the last second in which a kernel ran, 0 to 1. */
  readonly utilisation: number | null;
  /** In use by all processes. */
  readonly memoryBytes: number | null;
}

/**
 * Name, memory and driver of a GPU, as in `NVIDIA H200, 143771 MiB, driver 580.65`; none where nvidia-smi does not answer.
 *
 * @param gpu index or UUID
 */
export async function describeGpu(gpu: string): Promise<string[]> {
  const query = ['-i', gpu, '--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 10_000 });
    const [name, memory, driver] = stdout.trim().split(', ');
    return driver === undefined ? [] : [`${name}, ${memory}, driver ${driver}`];
  } catch {
    // No nvidia-smi here, or it does not see this GPU: the run goes on without its figures.
    return [];
  }
}

/** A GPU as {@link describeGpu} names it, in parts; a part that is not there is null. */
export function gpuParts(text: string): {
  readonly name: string;
  readonly memoryBytes: number | null;
  readonly driver: string | null;
} {
  const [, name = text, mebibytes, driver = null] =
    /^(.*?)(?:, (\d+) MiB)?(?:, driver (\S+))?$/.exec(text) ?? [];
  return { name, memoryBytes: mebibytes === undefined ? null : Number(mebibytes) * 2 ** 20, driver };
}

/** Asks nvidia-smi about a GPU again and again, in a process of its own. */
export class GpuMonitor implements Disposable {
  readonly #process: ChildProcess;
  #last: GpuSample | null = null;

  /** @param gpu index or UUID */
  constructor(gpu: string, intervalMs = 1000) {
    const query = ['-i', gpu, '--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits'];
    this.#process = spawn('nvidia-smi', [...query, '-lms', String(intervalMs)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process.on('error', () => undefined);
    this.#process.unref();
    const { stdout } = this.#process;
    createInterface({ input: stdout! }).on('line', (line) => {
      this.#last = sampleOf(line);
    });
    (stdout as unknown as { unref?: () => void }).unref?.();
  }

  /** The last answer; null before the first one, and where there is no nvidia-smi. */
  get last(): GpuSample | null {
    return this.#last;
  }

  [Symbol.dispose](): void {
    this.#process.kill();
  }
}

/** `87, 18231` with percent and MiB. */
export function sampleOf(line: string): GpuSample {
  const [utilisation, memory] = line.split(',').map((part) => {
    const value = Number(part.trim());
    return part.trim() !== '' && Number.isFinite(value) ? value : null;
  });
  return {
    utilisation: utilisation == null ? null : utilisation / 100,
    memoryBytes: memory == null ? null : memory * 2 ** 20,
  };
}
