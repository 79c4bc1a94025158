import type { ModalPlace } from './modal-place.ts';

/** What a shell gets. */
export const SHELL = { gpu: null, cpu: 2, memory_mib: 4096, timeout_s: 24 * 3600 } as const;

/** What a terminal needs of standard input and output. */
export interface TerminalInput extends NodeJS.ReadableStream {
  setRawMode?(isRaw: boolean): unknown;
}

/** A shell in a small container, at this terminal, until it ends. @returns its exit code */
export async function openTerminal(
  place: ModalPlace,
  input: TerminalInput,
  output: NodeJS.WritableStream,
): Promise<number> {
  const { cpu, memory_mib: memoryMiB, timeout_s } = SHELL;
  const sandbox = await place.openSandbox({
    command: ['sleep', String(timeout_s)],
    cpu,
    memoryMiB,
    timeoutMs: timeout_s * 1000,
    // Where the connection is lost, nobody types there any more.
    idleTimeoutMs: 10 * 60_000,
    tags: { purpose: 'shell' },
  });
  try {
    const shell = await sandbox.exec(['bash', '-l'], { mode: 'binary', pty: true, workdir: '/results' });
    const writer = shell.stdin.getWriter();
    const send = (chunk: Buffer) => void writer.write(chunk).catch(() => undefined);
    input.setRawMode?.(true);
    input.on('data', send);
    input.resume();
    try {
      for await (const chunk of shell.stdout) output.write(chunk as Uint8Array);
      return await shell.wait();
    } finally {
      input.off('data', send);
      input.setRawMode?.(false);
      input.pause();
    }
  } finally {
    await sandbox.terminate();
  }
}
