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
import { InputError } from '../errors.ts';
import { Claim, isAbandoned } from './claims.ts';
import { isSdkError, translated } from './sdk.ts';

/** What the runs of a user share. */
export interface ModalSettings {
  readonly app: string;
  /** Volume of the results, mounted at `/results`. */
  readonly volume: string;
  /** Where the recordings are, mounted read-only at `/data`. */
  readonly data: DataSource | null;
  /** Between two looks at the lines of a function's run, ms. */
  readonly lookMs?: number;
  /** So long is waited for a command that should have ended, ms. */
  readonly patienceMs?: number;
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

/** What a sandbox is to be; `data`: other recordings than usual. */
export type SandboxPlan = SandboxCreateParams & { readonly data?: DataSource | null | undefined };

/** A tag of named sandboxes. */
const CLAIM = 'claim';

/** Makes sandboxes with results and recordings mounted, and finds them again. */
export class Sandboxes {
  readonly #client: ModalClient;
  readonly #settings: ModalSettings;
  readonly #image: (client: ModalClient) => Image;
  readonly #claims = new WeakMap<Sandbox, Claim>();

  constructor(client: ModalClient, settings: ModalSettings, image: (client: ModalClient) => Image) {
    this.#client = client;
    this.#settings = settings;
    this.#image = image;
  }

  /**
   * @param what for messages
   * @throws InputError `PLACE_RUN_LIVE` where another of that name is there; BgbError `PLACE_CAPACITY`
   */
  async create(what: string, plan: SandboxPlan): Promise<Sandbox> {
    const { name } = plan;
    const claim = new Claim();
    try {
      if (name === undefined) return await this.#create(plan);
      const sandbox = await this.#createNamed({ ...plan, name }, claim.text);
      this.#claims.set(sandbox, claim);
      return sandbox;
    } catch (error) {
      claim[Symbol.dispose]();
      if (!isSdkError(error, 'AlreadyExistsError')) throw translated(error, what);
      throw new InputError(
        'PLACE_RUN_LIVE',
        `Someone is already running or starting ${name?.replace(/\.launch$/, '')} at Modal. See it with bgb modal status; or use another experiment.output_dir. A start that broke off on another machine is over after ten minutes.`,
        { cause: error },
      );
    }
  }

  /** Lets go of one that was made here, whether or not it has ended: the next one of its name may take its place. */
  release(sandbox: Sandbox): void {
    this.#claims.get(sandbox)?.[Symbol.dispose]();
  }

  /** What runs under a name; null where nothing does. */
  async find(name: string): Promise<Sandbox | null> {
    try {
      const sandbox = await this.#client.sandboxes.fromName(this.#settings.app, name);
      // A name may be told for a moment after its sandbox has ended.
      return (await sandbox.poll()) === null ? sandbox : null;
    } catch (error) {
      if (isSdkError(error, 'NotFoundError')) return null;
      throw translated(error, name);
    }
  }

  async secret(name: string): Promise<Secret> {
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

  async #createNamed(plan: SandboxPlan & { readonly name: string }, claim: string): Promise<Sandbox> {
    const claimed = { ...plan, tags: { ...plan.tags, [CLAIM]: claim } };
    try {
      return await this.#create(claimed);
    } catch (error) {
      if (error instanceof InputError) throw error;
      const there = await this.find(plan.name).catch(() => null);
      const holder = there === null ? null : (await there.getTags().catch(() => null))?.[CLAIM];
      // It was made, and the answer lost on its way here.
      if (there !== null && holder === claim) return there;
      if (!isSdkError(error, 'AlreadyExistsError')) throw error;
      // Whoever waits in such a container for what it starts has gone; a run needs nobody.
      if (there !== null && holder && plan.name.endsWith('.launch') && isAbandoned(holder)) {
        await there.terminate({ wait: true });
        return await this.#create(claimed);
      }
      throw error;
    }
  }

  async #create({ data = this.#settings.data, ...parameters }: SandboxPlan): Promise<Sandbox> {
    const { app: appName, volume } = this.#settings;
    const app = await this.#client.apps.fromName(appName, { createIfMissing: true });
    const results = await this.#client.volumes.fromName(volume, { createIfMissing: true, version: 2 });
    const volumes: Record<string, Volume> = { [RESULTS]: results };
    const buckets: Record<string, CloudBucketMount> = {};
    if (data?.kind === 'volume')
      volumes[DATA] = (await this.#dataVolume(data.name)).withMountOptions({ readOnly: true });
    if (data?.kind === 'bucket') buckets[DATA] = await this.#bucket(data);
    return await this.#client.sandboxes.create(app, this.#image(this.#client), {
      ...parameters,
      volumes,
      cloudBucketMounts: buckets,
    });
  }

  async #dataVolume(name: string): Promise<Volume> {
    try {
      return await this.#client.volumes.fromName(name);
    } catch (error) {
      if (!isSdkError(error, 'NotFoundError')) throw error;
      throw new InputError(
        'MODAL_DATA',
        `The volume ${name} with the recordings is not there. Make it and fill it (modal volume create --version=2 ${name}; modal volume put ${name} DIR /), or say where they are with --data or BGB_MODAL_DATA.`,
        { cause: error },
      );
    }
  }

  async #bucket(data: Extract<DataSource, { kind: 'bucket' }>): Promise<CloudBucketMount> {
    const { name, prefix, endpoint, secret } = data;
    return this.#client.cloudBucketMounts.create(name, {
      readOnly: true,
      ...(secret === null ? {} : { secret: await this.secret(secret) }),
      ...(prefix === null ? {} : { keyPrefix: prefix }),
      ...(endpoint === null ? {} : { bucketEndpointUrl: endpoint }),
    });
  }
}
