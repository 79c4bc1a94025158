import type { Sandbox } from 'modal';
import type { Container, Executed } from '../places/index.ts';
import { translated } from './sdk.ts';

/** A message of the protocol holds some megabytes. */
const PIECE_BYTES = 1 << 20;

/** A sandbox that commands run in; `isOwn`: it is ended with this object. */
export class SandboxContainer implements Container {
  readonly #sandbox: Sandbox;
  readonly #isOwn: boolean;

  constructor(sandbox: Sandbox, { isOwn }: { isOwn: boolean }) {
    this.#sandbox = sandbox;
    this.#isOwn = isOwn;
  }

  async execute(command: readonly string[], input?: Uint8Array): Promise<Executed> {
    try {
      const running = await this.#sandbox.exec([...command], { mode: 'binary' });
      const writing = (async () => {
        if (input === undefined) return;
        const writer = running.stdin.getWriter();
        for (let at = 0; at < input.length; at += PIECE_BYTES)
          await writer.write(input.subarray(at, at + PIECE_BYTES));
        await writer.close();
      })();
      const [output, errors] = await Promise.all([
        running.stdout.readBytes(),
        running.stderr.readBytes(),
        // A command that ends without reading its input has said why on its own.
        writing.catch(() => undefined),
      ]);
      const code = await running.wait();
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
    }
  }
}
