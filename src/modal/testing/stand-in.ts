/**
 * A stand-in for the cloud on this machine: speaks the SDK's own protocol (definitions.ts), runs what containers would run as
 * local child processes (container.ts) on volumes as folders (volume.ts), and can fail in the ways the cloud does. For tests
 * only: a client reaches it through MODAL_SERVER_URL.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallContext, createServer, type Server, ServerError, Status } from 'nice-grpc';
import type { StandInContainer } from './container.ts';
import { sdkDefinitions } from './definitions.ts';
import type { FunctionCallHere } from './function-call.ts';
import { functionsOf } from './functions.ts';
import { routerOf } from './router.ts';
import { sandboxesOf } from './sandboxes.ts';
import { StandInVolume } from './volume.ts';
import { VolumeReads } from './volume-reads.ts';

// biome-ignore lint/suspicious/noExplicitAny: messages are the SDK's own, and it exports no types of them.
export type Message = any;
export type Handler = (request: Message, context: CallContext) => unknown;

export interface Sandbox {
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly tags: Record<string, string>;
  readonly gpu: string | null;
  /** Token id of the client that made it. */
  readonly token: string;
  readonly definition: Message;
  readonly container: StandInContainer;
  /** Its name finds it no more, and is free: it is thought dead, and goes on. */
  isForgotten?: boolean;
}

export interface StandInOptions {
  /** Named secrets and what is in them. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Buckets by name: folders. */
  readonly buckets?: Readonly<Record<string, string>>;
  /** Variables of every container, as an image sets them. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly commitEveryMs?: number | null;
  /** Containers are processes that see the files of this machine, with mounts only where commands name them: ten times as fast. */
  readonly isPlain?: boolean;
  /** The Python file of the deployed app, and where its containers see bgb: a folder that stands for /opt. */
  readonly deployed?: { readonly file: string; readonly opt: string };
}

/** What becomes of a call: an error, before it or with its answer lost. */
export interface CallFault {
  readonly status: Status;
  readonly isDone: boolean;
}

/** How results are told. */
export const STATUS = { success: 1, failure: 2, terminated: 3, timeout: 4 } as const;

export class StandIn implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'bgb-stand-in-'));
  readonly volumes = new Map<string, StandInVolume>();
  readonly sandboxes: Sandbox[] = [];
  /** Names of the calls received, in order. */
  readonly calls: string[] = [];
  /** Layers of images that were built: their commands. */
  readonly layers: string[][] = [];
  /** What functions were asked to run with. */
  readonly bound: Message[] = [];
  /** What goes wrong now. */
  readonly faults = {
    isTokenExpired: false,
    /** No container with a GPU starts. */
    isWithoutCapacity: false,
    /** Every call fails as when the network is gone. */
    isUnreachable: false,
    /** ms until a container is there. */
    startupMs: 0,
    /** Blocks of files cannot be fetched, as behind a proxy. */
    areBlocksGone: false,
  };
  /** What goes wrong for the client with that token id, asked for each of its calls. */
  readonly faultsOf = new Map<string, (method: string) => CallFault | null>();
  readonly options: StandInOptions;
  readonly #server: Server = createServer();
  readonly #ephemeral = new Map<string, Record<string, string>>();
  readonly #images = new Map<string, string>();
  readonly #reads = new VolumeReads(this);
  #streams = new AbortController();
  #port = 0;
  #count = 0;

  private constructor(options: StandInOptions) {
    this.options = options;
  }

  static async start(options: StandInOptions = {}): Promise<StandIn> {
    const standIn = new StandIn(options);
    const { control, router } = await sdkDefinitions();
    standIn.#serve(control, standIn.#control());
    standIn.#serve(router, routerOf(standIn));
    standIn.#port = await standIn.#server.listen('127.0.0.1:0');
    return standIn;
  }

  /** What a client sets to come here. */
  get variables(): Record<string, string> {
    return {
      MODAL_SERVER_URL: `http://localhost:${this.#port}`,
      MODAL_TOKEN_ID: 'ak-stand-in',
      MODAL_TOKEN_SECRET: 'as-stand-in',
      MODAL_CONFIG_PATH: join(this.folder, 'none.toml'),
    };
  }

  /** The last container of that name, running or not. */
  sandbox(name: string): Sandbox {
    const found = this.sandboxes.findLast((sandbox) => sandbox.name === name);
    if (found === undefined) throw new Error(`no sandbox ${name} was ever started`);
    return found;
  }

  /** A file as the container of that name sees it now, below its first mount. */
  seenBy(name: string, path: string): string {
    return join(this.folder, 'containers', this.sandbox(name).id, 'mount-0', path);
  }

  byTask(taskId: string): Sandbox {
    const found = this.sandboxes.find(({ id }) => `ta-${id}` === taskId);
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `no task ${taskId}`);
    return found;
  }

  volume(name: string): StandInVolume {
    const found = this.volumes.get(name) ?? new StandInVolume(join(this.folder, 'volumes', name));
    this.volumes.set(name, found);
    return found;
  }

  /** Takes a container away without a word, as preemption may; `isLosing`: with what it had not committed. */
  async preempt(name: string, { isLosing = false } = {}): Promise<void> {
    const { container } = this.sandbox(name);
    container.kill('terminated', { isLosing });
    await container.ended;
  }

  /** Ends every stream that is open now with an error that the SDK does not try again after. */
  breakStreams(): void {
    this.#streams.abort();
    this.#streams = new AbortController();
  }

  get access(): { jwt: string; url: string } {
    return { jwt: 'stand.in.jwt', url: `https://localhost:${this.#port}` };
  }

  /** Environment of a container: image, secrets, variables given. */
  environmentOf(secretIds: readonly string[], sources: readonly Message[] = []): Record<string, string> {
    const ofSecret = (id: string) => this.#ephemeral.get(id) ?? this.options.secrets?.[id] ?? {};
    return Object.assign(
      { ...this.options.environment },
      ...secretIds.map(ofSecret),
      ...sources.map(({ secretId, env }) => (secretId ? ofSecret(secretId) : (env?.contents ?? {}))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { container } of this.sandboxes) container.kill('terminated');
    for (const call of this.functionCalls) call.cancel(true);
    await Promise.all(this.functionCalls.map((call) => call.ended));
    await Promise.all(this.sandboxes.map(({ container }) => container.ended));
    await this.#reads[Symbol.asyncDispose]();
    await this.#server.forceShutdown();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Adds a service; what it has no handler for is answered as unimplemented. */
  #serve(definition: Message, handlers: Readonly<Record<string, Handler>>): void {
    const implementation: Record<string, Handler> = {};
    for (const [method, { responseStream }] of Object.entries<Message>(definition.methods)) {
      const handler = handlers[method];
      const before = () => {
        this.calls.push(method);
        if (this.faults.isUnreachable) throw new ServerError(Status.UNAVAILABLE, 'the stand-in is away');
        if (this.faults.isTokenExpired) throw new ServerError(Status.UNAUTHENTICATED, 'token has expired');
        if (handler === undefined)
          throw new ServerError(Status.UNIMPLEMENTED, `${method} is not stood in for`);
        return handler;
      };
      const streams = () => this.#streams.signal;
      const faultOf = (request: Message, context: CallContext) => this.#faultOf(method, request, context);
      implementation[method] = responseStream
        ? async function* (request: Message, context: CallContext) {
            const broken = streams();
            const fault = faultOf(request, context);
            if (fault !== null) throw new ServerError(fault.status, 'as the test has it');
            const items = (before()(request, context) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
            const failed = new Promise<never>((_, reject) => {
              const fail = () => reject(new ServerError(Status.DATA_LOSS, 'the stream was broken'));
              if (broken.aborted) fail();
              broken.addEventListener('abort', fail, { once: true });
            });
            failed.catch(() => undefined);
            while (true) {
              const next = await Promise.race([items.next(), failed]);
              if (next.done) return;
              yield next.value;
            }
          }
        : async (request: Message, context: CallContext) => {
            const fault = faultOf(request, context);
            const answer = fault === null || fault.isDone ? await before()(request, context) : null;
            if (fault !== null) throw new ServerError(fault.status, 'as the test has it');
            return answer;
          };
    }
    this.#server.add(definition, implementation as Message);
  }

  #faultOf(method: string, request: Message, { metadata }: CallContext): CallFault | null {
    const token = metadata.get('x-modal-token-id') ?? this.sandboxes.find(({ id }) => `ta-${id}` === request.taskId)?.token; // biome-ignore format: one expression
    return this.faultsOf.get(token ?? '')?.(method) ?? null;
  }

  next(): number {
    return ++this.#count;
  }

  /** A new id of the control plane's form. */
  id(prefix: string, length = 22): string {
    return `${prefix}-${String(++this.#count).padStart(length, '0')}`;
  }

  #control(): Record<string, Handler> {
    return {
      clientHello: () => ({}),
      // Good for an hour, as its second part says.
      authTokenGet: () => ({
        token: `e30.${Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 3600 })).toString('base64url')}.e30`,
      }),
      appGetOrCreate: ({ appName }) => ({ appId: `ap-${appName}`, handleMetadata: { name: appName } }),
      environmentGetOrCreate: () => ({
        environmentId: 'en-main',
        metadata: { name: 'main', settings: { imageBuilderVersion: '2025.06', webhookSuffix: '' } },
      }),
      imageGetOrCreate: ({ image }) => {
        const text = JSON.stringify([image.dockerfileCommands, image.baseImages]);
        if (!this.#images.has(text)) {
          this.#images.set(text, this.id('im'));
          this.layers.push(image.dockerfileCommands);
        }
        return { imageId: this.#images.get(text) };
      },
      imageJoinStreaming: async function* () {
        yield { result: { status: STATUS.success }, eof: true };
      },
      volumeGetOrCreate: ({ deploymentName, objectCreationType }) => {
        if (!this.volumes.has(deploymentName) && objectCreationType === 0)
          throw new ServerError(Status.NOT_FOUND, `no volume ${deploymentName}`);
        this.volume(deploymentName);
        return {
          volumeId: `vo-${deploymentName}`,
          version: 2,
          metadata: { name: deploymentName, version: 2 },
        };
      },
      secretGetOrCreate: ({ deploymentName, envDict, requiredKeys }) => {
        if (deploymentName === '') {
          const id = this.id('st');
          this.#ephemeral.set(id, { ...envDict });
          return { secretId: id };
        }
        const named = this.options.secrets?.[deploymentName];
        if (named === undefined) throw new ServerError(Status.NOT_FOUND, `no secret ${deploymentName}`);
        const missing = requiredKeys.filter((key: string) => !(key in named));
        if (missing.length > 0)
          throw new ServerError(Status.FAILED_PRECONDITION, `secret ${deploymentName} lacks ${missing}`);
        return { secretId: deploymentName };
      },
      ...this.#reads.handlers,
      ...functionsOf(this),
      ...sandboxesOf(this),
    };
  }

  /** Calls of the deployed function: each is containers, one after the other, until one ends well. */
  readonly functionCalls: FunctionCallHere[] = [];

  /** The folder that stands for a bucket. */
  bucket(name: string): string {
    const folder = this.options.buckets?.[name];
    if (folder === undefined) throw new ServerError(Status.NOT_FOUND, `no bucket ${name}`);
    return folder;
  }
}
