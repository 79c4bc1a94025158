import { setTimeout as delay } from 'node:timers/promises';
import type { Sandbox } from 'modal';
import { BgbError } from '../errors.ts';
import type { Container, Executed } from '../places/index.ts';
import { translated } from './sdk.ts';

/** A message of the protocol holds some megabytes. */
const PIECE_BYTES = 1 << 20;

/** A sandbox that commands run in; `isOwn`: it is ended with this object. */
export class SandboxContainer implements Container {
  readonly #sandbox: Sandbox;
  readonly #isOwn: boolean;
  readonly #patienceMs: number;
  readonly #onLeft: () => void;

  /** @param patienceMs so long a command may take to end that nothing is sent to any more, or that has closed its output */
  constructor(
    sandbox: Sandbox,
    {
      isOwn,
      patienceMs,
      onLeft = () => undefined,
    }: { isOwn: boolean; patienceMs: number; onLeft?: () => void },
  ) {
    this.#onLeft = onLeft;
    this.#sandbox = sandbox;
    this.#isOwn = isOwn;
    this.#patienceMs = patienceMs;
  }

  async execute(command: readonly string[], input?: Uint8Array): Promise<Executed> {
    try {
      const running = await this.#sandbox.exec([...command], { mode: 'binary' });
      const giving = new AbortController();
      const writing = (async () => {
        if (input === undefined) return;
        const writer = running.stdin.getWriter();
        for (let at = 0; at < input.length; at += PIECE_BYTES)
          await writer.write(input.subarray(at, at + PIECE_BYTES));
        await writer.close();
      })();
      // A command that ends without reading its input says why on its own; one that waits for the rest would wait for ever.
      const unread = writing.then(
        () => new Promise<never>(() => undefined),
        async (error) =>
          await delay(this.#patienceMs, null, { signal: giving.signal }).then(() => Promise.reject(error)),
      );
      unread.catch(() => undefined);
      const read = Promise.all([running.stdout.readBytes(), running.stderr.readBytes()]);
      const [output, errors] = await Promise.race([read, unread]).finally(() => giving.abort());
      const code = await codeOf(running, this.#patienceMs);
      return { code, output: Buffer.from(output), errors: Buffer.from(errors).toString('utf8') };
    } catch (error) {
      throw translated(error, 'a command');
    }
  }

  async refresh(): Promise<void> {
    try {
      await this.#sandbox.reloadVolumes();
    } catch (error) {
      throw translated(error, 'a look at the results');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOwn) return;
    try {
      // Waited for: its name is free, and what it wrote committed, when it has ended.
      await this.#sandbox.terminate({ wait: true });
    } catch {
      // It ends by itself when nothing uses it.
    } finally {
      this.#onLeft();
    }
  }
}

/** The SDK would ask for ever where its container was taken away meanwhile, or Modal cannot be reached. */
async function codeOf(running: { wait(): Promise<number> }, patienceMs: number): Promise<number> {
  const giving = new AbortController();
  const waiting = running.wait();
  waiting.catch(() => undefined);
  try {
    return await Promise.race([waiting, delay(patienceMs, null, { signal: giving.signal }).then(lost)]);
  } finally {
    giving.abort();
  }
}

function lost(): never {
  throw new BgbError(
    'PLACE_ANSWER',
    'The container has not said how a command ended: it was taken away, or the connection was lost. Repeat the command.',
  );
}
