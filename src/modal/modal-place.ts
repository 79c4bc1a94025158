import type {
  CloudBucketMount,
  Image,
  ModalClient,
  Sandbox,
  SandboxCreateParams,
  Secret,
  Volume,
} from 'modal';
import { CLOUD_MOUNTS } from '../config/index.ts';
import { BgbError, InputError, messageOf } from '../errors.ts';
import { type Container, deskOf, type Job, type Live, type Place, readFiles } from '../places/index.ts';
import { FunctionRuns } from './function-runs.ts';
import { resourcesOfJob } from './resources.ts';
import { SandboxContainer } from './sandbox-container.ts';
import { isSdkError, isUnreachable, translated } from './sdk.ts';
import { VolumeFiles } from './volume-files.ts';

/** What the runs of a user share. */
export interface ModalSettings {
  readonly app: string;
  /** Volume of the results, mounted at `/results`. */
  readonly volume: string;
  /** Where the recordings are, mounted read-only at `/data`. */
  readonly data: DataSource | null;
  /** Between two looks at the lines of a function's run, ms. */
  readonly lookMs?: number;
}

export type DataSource =
  | { readonly kind: 'volume'; readonly name: string }
  | {
      readonly kind: 'bucket';
      readonly name: string;
      readonly prefix: string | null;
      readonly endpoint: string | null;
      readonly secret: string | null;
    };

export const { results: RESULTS, data: DATA } = CLOUD_MOUNTS;

/** A container that nothing uses ends after this time. */
const HELPER_IDLE_MS = 10 * 60_000;
const HELPER_TIMEOUT_MS = 4 * 3600_000;

/** Modal: sandboxes, started from here and found again by the run's name, and calls of a deployed function. */
export class ModalPlace implements Place {
  readonly label = 'Modal';
  readonly results = RESULTS;
  readonly #client: ModalClient;
  readonly #settings: ModalSettings;
  readonly #image: (client: ModalClient) => Image;
  readonly #files: VolumeFiles;
  readonly #functions: FunctionRuns;
  readonly #opened = new Set<Container>();
  #isAbandoned = false;

  constructor(client: ModalClient, settings: ModalSettings, image: (client: ModalClient) => Image) {
    this.#client = client;
    this.#settings = settings;
    this.#image = image;
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
    const secrets = await Promise.all(resources.secrets.map((name) => this.#secret(name)));
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
    return new SandboxLive(sandbox);
  }

  async find(run: string): Promise<Live | null> {
    try {
      const sandbox = await this.#client.sandboxes.fromName(this.#settings.app, run);
      // A name may be told for a moment after its sandbox has ended.
      if ((await sandbox.poll()) === null) return new SandboxLive(sandbox);
    } catch (error) {
      if (!isSdkError(error, 'NotFoundError')) throw translated(error, `the run ${run}`);
    }
    return await this.#functions.find(run);
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
    const container = new SandboxContainer(sandbox, { isOwn: true });
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
    try {
      for (const name of names) await this.#secret(name);
    } catch (error) {
      throw translated(error, 'the secrets');
    }
  }

  /** A container for a terminal. */
  async openSandbox(parameters: SandboxCreateParams): Promise<Sandbox> {
    return await this.#create('a shell', parameters);
  }

  async #create(
    what: string,
    {
      data = this.#settings.data,
      ...parameters
    }: SandboxCreateParams & { data?: DataSource | null | undefined },
  ): Promise<Sandbox> {
    const { app: appName, volume } = this.#settings;
    try {
      const app = await this.#client.apps.fromName(appName, { createIfMissing: true });
      const results = await this.#client.volumes.fromName(volume, { createIfMissing: true, version: 2 });
      const volumes: Record<string, Volume> = { [RESULTS]: results };
      const buckets: Record<string, CloudBucketMount> = {};
      if (data?.kind === 'volume')
        volumes[DATA] = (await this.#dataVolume(data.name)).withMountOptions({ readOnly: true });
      if (data?.kind === 'bucket') buckets[DATA] = await this.#bucket(data);
      const sandbox = await this.#client.sandboxes.create(app, this.#image(this.#client), {
        ...parameters,
        volumes,
        cloudBucketMounts: buckets,
      });
      if (!this.#isAbandoned) return sandbox;
      await sandbox.terminate();
      throw new BgbError('PLACE_ABANDONED', `${what} came when nobody wanted it any more; it was ended.`);
    } catch (error) {
      if (isSdkError(error, 'AlreadyExistsError'))
        throw new InputError(
          'PLACE_RUN_LIVE',
          `Someone is already running or starting ${parameters.name?.replace(/\.launch$/, '')} at Modal. See it with bgb modal status; or use another experiment.output_dir.`,
          { cause: error },
        );
      throw translated(error, what);
    }
  }

  async #dataVolume(name: string): Promise<Volume> {
    try {
      return await this.#client.volumes.fromName(name);
    } catch (error) {
      if (!isSdkError(error, 'NotFoundError')) throw error;
      throw new InputError(
        'MODAL_DATA',
        `The volume ${name} with the recordings is not there. Make it and fill it (modal volume create ${name}; modal volume put ${name} DIR /), or say where they are with --data or BGB_MODAL_DATA.`,
        { cause: error },
      );
    }
  }

  async #bucket(data: Extract<DataSource, { kind: 'bucket' }>): Promise<CloudBucketMount> {
    const { name, prefix, endpoint, secret } = data;
    return this.#client.cloudBucketMounts.create(name, {
      readOnly: true,
      ...(secret === null ? {} : { secret: await this.#secret(secret) }),
      ...(prefix === null ? {} : { keyPrefix: prefix }),
      ...(endpoint === null ? {} : { bucketEndpointUrl: endpoint }),
    });
  }

  async #secret(name: string): Promise<Secret> {
    try {
      return await this.#client.secrets.fromName(name);
    } catch (error) {
      if (!isSdkError(error, 'NotFoundError')) throw error;
      throw new InputError(
        'MODAL_SECRET',
        `Modal has no secret ${name}. Make it with 'modal secret create ${name} KEY=VALUE', or leave out --secret ${name}.`,
        { cause: error },
      );
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
    'exec "$code/bgb" attend "$3" --attempt "$4"',
  ].join('\n');
  const { code_path: code, bridge_path: bridge } = resourcesOfJob(job);
  return ['sh', '-c', script, 'sh', code, bridge, deskOf(job.results, job.run).job, String(attempt)];
}

class SandboxLive implements Live {
  readonly container: Container;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.container = new SandboxContainer(sandbox, { isOwn: false });
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
