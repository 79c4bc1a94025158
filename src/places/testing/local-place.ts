import { spawn } from 'node:child_process';
import type { Container } from '../place.ts';

/** This machine as a container: for what needs no cloud. */
export class LocalContainer implements Container {
  async execute(command: readonly string[], input?: Uint8Array) {
    const child = spawn(command[0]!, command.slice(1));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const code = await new Promise<number>((resolve) => child.on('close', (each) => resolve(each ?? 137)));
    return { code, output: Buffer.concat(output), errors: Buffer.concat(errors).toString() };
  }

  async refresh(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
