import type { Image, ModalClient, Sandbox, Secret } from 'modal';
import { BgbError, InputError, messageOf } from '../errors.ts';
import { type Container, deskOf, type Job, type Live, type Place, readFiles } from '../places/index.ts';
import { FunctionRuns } from './function-runs.ts';
import { resourcesOfJob } from './resources.ts';
import { SandboxContainer } from './sandbox-container.ts';
import { type ModalSettings, RESULTS, Sandboxes, type SandboxPlan } from './sandboxes.ts';
import { isSdkError, isUnreachable, translated } from './sdk.ts';
import { VolumeFiles } from './volume-files.ts';

/** A container that nothing uses ends after this time. */
const HELPER_IDLE_MS = 10 * 60_000;
const HELPER_TIMEOUT_MS = 4 * 3600_000;
const PATIENCE_MS = 10_000;

/** Modal: sandboxes, started from here and found again by the run's name, and calls of a deployed function. */
export class ModalPlace implements Place {
  readonly label = 'Modal';
  readonly results = RESULTS;
  readonly #sandboxes: Sandboxes;
  readonly #files: VolumeFiles;
  readonly #functions: FunctionRuns;
  readonly #patienceMs: number;
  readonly #opened = new Set<Container>();
  #isAbandoned = false;

  constructor(client: ModalClient, settings: ModalSettings, image: (client: ModalClient) => Image) {
    this.#sandboxes = new Sandboxes(client, settings, image);
    this.#patienceMs = settings.patienceMs ?? PATIENCE_MS;
    this.#files = new VolumeFiles(client, settings.volume, RESULTS);
    this.#functions = new FunctionRuns(client, settings.app, this, settings.lookMs);
  }

  async read(patterns: readonly string[]): Promise<Map<string, string>> {
    try {
      return await this.#files.read(patterns);
    } catch (error) {
      const told = translated(error, 'a look at the results');
      if (told instanceof InputError || isUnreachable(error)) throw told;
      // Whatever is wrong with that way, a container sees the same files.
      await using container = await this.open();
      return await readFiles(container, patterns);
    }
  }

  async start(job: Job, attempt: number): Promise<Live> {
    const resources = resourcesOfJob(job);
    const { backend, gpu, cpu, memory_mib: memoryMiB, timeout_s: timeoutS } = resources;
    const secrets = await this.#secrets(resources.secrets);
    if (backend === 'function') return await this.#functions.start(job, attempt, secrets);
    const sandbox = await this.#create(gpu ?? 'a container', {
      name: job.run,
      command: startCommand(job, attempt),
      ...(gpu === null ? {} : { gpu }),
      cpu,
      memoryMiB,
      timeoutMs: timeoutS * 1000,
      secrets,
      data: resources.data,
      tags: { run: job.run, code: job.hashes.code, config: job.hashes.config, attempt: String(attempt) },
    });
    return new SandboxLive(sandbox, this.#patienceMs);
  }

  async find(run: string): Promise<Live | null> {
    const sandbox = await this.#sandboxes.find(run);
    return sandbox === null ? await this.#functions.find(run) : new SandboxLive(sandbox, this.#patienceMs);
  }

  async open(name?: string): Promise<Container> {
    const sandbox = await this.#create('a small container', {
      ...(name === undefined ? {} : { name }),
      command: ['sleep', String(HELPER_TIMEOUT_MS / 1000)],
      cpu: 2,
      memoryMiB: 2048,
      timeoutMs: HELPER_TIMEOUT_MS,
      idleTimeoutMs: HELPER_IDLE_MS,
      tags: { purpose: name ?? 'files' },
    });
    const container = new SandboxContainer(sandbox, {
      isOwn: true,
      patienceMs: this.#patienceMs,
      onLeft: () => this.#sandboxes.release(sandbox),
    });
    this.#opened.add(container);
    return container;
  }

  /** Ends what a launch that is given up has opened or queued: a sandbox that waits for a GPU would start one day. */
  async abandon(run: string): Promise<void> {
    this.#isAbandoned = true;
    await Promise.all([...this.#opened].map((container) => container[Symbol.asyncDispose]()));
    await (await this.find(run))?.kill();
  }

  /** @throws InputError `MODAL_SECRET` for one that is not there */
  async checkSecrets(names: readonly string[]): Promise<void> {
    await this.#secrets(names);
  }

  /** A container for a terminal. */
  async openSandbox(plan: SandboxPlan): Promise<Sandbox> {
    return await this.#create('a shell', plan);
  }

  async #create(what: string, plan: SandboxPlan): Promise<Sandbox> {
    const sandbox = await this.#sandboxes.create(what, plan);
    if (!this.#isAbandoned) return sandbox;
    await sandbox.terminate();
    throw new BgbError('PLACE_ABANDONED', `${what} came when nobody wanted it any more; it was ended.`);
  }

  async #secrets(names: readonly string[]): Promise<Secret[]> {
    try {
      return await Promise.all(names.map((name) => this.#sandboxes.secret(name)));
    } catch (error) {
      throw translated(error, 'the secrets');
    }
  }
}

/** Unpacks the code onto the container's disk and becomes the attendant. */
function startCommand(job: Job, attempt: number): string[] {
  const script = [
    'exec 2>&1',
    'set -e',
    'code=$(mktemp -d)',
    'tar -xzf "$1" -C "$code" --strip-components=1',
    // The bridge was compiled ahead (bringCode); without one, the first command that computes does it.
    '[ ! -f "$2" ] || tar -xzf "$2" -C "$code"',
    'exec "$code/bgb" attend "$3" --attempt "$4" --token "$5"',
  ].join('\n');
  const { code_path: code, bridge_path: bridge } = resourcesOfJob(job);
  const { job: path } = deskOf(job.results, job.run);
  return ['sh', '-c', script, 'sh', code, bridge, path, String(attempt), job.token];
}

class SandboxLive implements Live {
  readonly container: Container;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox, patienceMs: number) {
    this.#sandbox = sandbox;
    this.container = new SandboxContainer(sandbox, { isOwn: false, patienceMs });
  }

  get id(): string {
    return this.#sandbox.sandboxId;
  }

  async *output(signal: AbortSignal): AsyncIterable<string> {
    const reader = this.#sandbox.stdout.getReader();
    const leave = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', leave);
    try {
      while (!signal.aborted) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw translated(error, messageOf(error));
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  async isRunning(): Promise<boolean> {
    try {
      return (await this.#sandbox.poll()) === null;
    } catch (error) {
      if (isSdkError(error, 'NotFoundError')) return false;
      throw translated(error, 'the run');
    }
  }

  /** The attendant looks for the wish in the run's desk. */
  async interrupt(): Promise<void> {}

  async kill(): Promise<void> {
    await this.#sandbox.terminate();
  }
}
