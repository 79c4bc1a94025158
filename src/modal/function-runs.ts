import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionCall, ModalClient, Secret } from 'modal';
import { InputError } from '../errors.ts';
import {
  callIn,
  callText,
  deskOf,
  type Job,
  type Live,
  mustExecute,
  type Place,
  writeFile,
} from '../places/index.ts';
import { resourcesOfJob } from './resources.ts';
import { isNotFound, isSdkError, isUnimplemented, translated } from './sdk.ts';

/** Name of the function of deploy/modal/app.py. */
const FUNCTION = 'train';
/** Between two looks at a run's lines, unless said otherwise: a volume shows them when they are committed. */
const LOOK_MS = 3000;

/** Where the results of runs are. */
type Results = Pick<Place, 'results' | 'read' | 'open'>;

/**
 * Runs as calls of a function that deploy/modal/app.py has deployed: Modal starts an interrupted one again by itself, so it
 * is the one for runs that nobody follows. Their lines are read where they are kept, with the results.
 */
export class FunctionRuns {
  readonly #client: ModalClient;
  readonly #app: string;
  readonly #place: Results;

  readonly #lookMs: number;

  constructor(client: ModalClient, app: string, place: Results, lookMs = LOOK_MS) {
    this.#client = client;
    this.#app = app;
    this.#place = place;
    this.#lookMs = lookMs;
  }

  /** @throws InputError `MODAL_FUNCTION` where it is not deployed */
  async start(job: Job, attempt: number, secrets: Secret[]): Promise<Live> {
    const { gpu, cpu, memory_mib: memoryMiB, timeout_s: timeoutS } = resourcesOfJob(job);
    const deployed = await this.#deployed();
    if (deployed === null)
      throw new InputError(
        'MODAL_FUNCTION',
        `The function ${FUNCTION} of the app ${this.#app} is not deployed at Modal. Deploy it once: modal deploy deploy/modal/app.py; or use --backend sandbox.`,
      );
    try {
      const options = { cpu, memoryMiB, timeoutMs: timeoutS * 1000 };
      const call = await deployed
        .withOptions({
          ...options,
          ...(gpu === null ? {} : { gpu }),
          ...(secrets.length > 0 ? { secrets } : {}),
        })
        .instance()
        .then((bound) => {
          const path = deskOf(job.results, job.run).job;
          return bound.spawn([], { job: path, attempt: String(attempt), token: job.token });
        });
      await this.#keep(call, job).catch(() => undefined);
      return new FunctionLive(call, job.run, this.#place, this.#lookMs);
    } catch (error) {
      throw translated(error, gpu ?? 'a container');
    }
  }

  /** So that it is found before it has begun; from then on, its attendant has written the same. */
  async #keep(call: FunctionCall, job: Job): Promise<void> {
    await using container = await this.#place.open();
    const path = deskOf(this.#place.results, job.run).call;
    await writeFile(container, path, callText(call.functionCallId), job.commit);
  }

  async find(run: string): Promise<Live | null> {
    const path = deskOf(this.#place.results, run).call;
    const text = (await this.#place.read([path])).get(path);
    const id = text === undefined ? null : callIn(text);
    if (id === null) return null;
    try {
      const call = await this.#client.functionCalls.fromId(id);
      const live = new FunctionLive(call, run, this.#place, this.#lookMs);
      return (await live.isRunning()) ? live : null;
    } catch (error) {
      if (isNotFound(error) || isSdkError(error, 'NotFoundError')) return null;
      throw translated(error, `the run ${run}`);
    }
  }

  async #deployed() {
    try {
      return await this.#client.functions.fromName(this.#app, FUNCTION);
    } catch (error) {
      if (isSdkError(error, 'NotFoundError') || isUnimplemented(error)) return null;
      throw translated(error, 'the function');
    }
  }
}

class FunctionLive implements Live {
  /** What it sees cannot be looked into. */
  readonly container = null;
  readonly #call: FunctionCall;
  readonly #run: string;
  readonly #place: Results;

  readonly #lookMs: number;

  constructor(call: FunctionCall, run: string, place: Results, lookMs: number) {
    this.#call = call;
    this.#run = run;
    this.#place = place;
    this.#lookMs = lookMs;
  }

  get id(): string {
    return this.#call.functionCallId;
  }

  async *output(signal: AbortSignal): AsyncIterable<string> {
    const { console } = deskOf(this.#place.results, this.#run);
    await using container = await this.#place.open();
    let at = 0;
    while (!signal.aborted) {
      // Asked first: what is there after it has ended is all there is.
      const isRunning = await this.isRunning();
      await container.refresh();
      const script = `cat "$0"/*.log 2> /dev/null | tail -c +${at + 1}`;
      const { output } = await mustExecute(container, ['sh', '-c', script, console]);
      const whole = output.subarray(0, output.lastIndexOf(10) + 1);
      at += whole.length;
      if (whole.length > 0) yield whole.toString('utf8');
      if (!isRunning) return;
      await delay(this.#lookMs, null, { signal }).catch(() => undefined);
    }
  }

  async isRunning(): Promise<boolean> {
    try {
      await this.#call.get({ timeoutMs: 1 });
      return false;
    } catch (error) {
      if (isSdkError(error, 'TimeoutError')) return true;
      // Its function failed: it has ended.
      if (['RemoteError', 'FunctionTimeoutError', 'InternalFailure'].some((name) => isSdkError(error, name)))
        return false;
      throw translated(error, 'the run');
    }
  }

  /** Its container does not see the wish in the run's desk: Modal interrupts it, and the attendant hands that on. */
  async interrupt(): Promise<void> {
    await this.#call.cancel();
  }

  async kill(): Promise<void> {
    await this.#call.cancel({ terminateContainers: true });
  }
}
