import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MountedVolume, StandInVolume } from './volume.ts';

/** `sync` as the cloud takes it: what was written is committed when it returns. */
const SYNC = `#!/bin/sh
request="$STAND_IN_REQUESTS/$$"
: > "$request"
while [ -e "$request" ]; do sleep 0.02; done
`;
const ENTER = fileURLToPath(new URL('./enter.sh', import.meta.url));

export interface Mount {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** A volume, or a folder that stands for a bucket. */
  readonly from: StandInVolume | string;
}

export interface ContainerPlan {
  readonly id: string;
  /** Of the container's own files. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly timeoutS: number;
  /** ms between commits nobody asked for; null: none but the one at the end. */
  readonly commitEveryMs: number | null;
  /** No world of its own: mounts are where the words of a command name them. */
  readonly isPlain: boolean;
}

export type Ended =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'terminated' }
  | { readonly kind: 'timeout' };

/** A container of the stand-in: local child processes that see the volumes where they are mounted. */
export class StandInContainer {
  readonly id: string;
  readonly ended: Promise<Ended>;
  /** What its main process has written so far: stdout and stderr, whole. */
  readonly output: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  end: Ended | null = null;
  readonly #plan: ContainerPlan;
  readonly #mounted: { readonly path: string; readonly volume: MountedVolume }[] = [];
  readonly #where: string[] = [];
  readonly #children = new Set<ChildProcess>();
  #main: ChildProcess | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #timers: NodeJS.Timeout[] = [];
  #reason: 'terminated' | 'timeout' | null = null;
  #isLost = false;

  constructor(plan: ContainerPlan) {
    this.id = plan.id;
    this.#plan = plan;
    for (const [index, { path, isReadOnly, from }] of plan.mounts.entries()) {
      if (typeof from === 'string') {
        this.#where.push(from, path, isReadOnly ? 'ro' : 'rw');
        continue;
      }
      const volume = from.mount(join(plan.folder, `mount-${index}`));
      if (!isReadOnly) this.#mounted.push({ path, volume });
      this.#where.push(volume.view, path, isReadOnly ? 'ro' : 'rw');
    }
    for (const name of ['bin', 'requests', 'tmp']) mkdirSync(join(plan.folder, name));
    writeFileSync(join(plan.folder, 'bin/sync'), SYNC);
    chmodSync(join(plan.folder, 'bin/sync'), 0o755);
    this.#timers.push(setInterval(() => this.#answerRequests(), 20));
    const command = plan.command.length > 0 ? plan.command : ['sleep', '1000000'];
    const main = this.start(command, {});
    this.#main = main;
    for (const [index, stream] of [main.stdout!, main.stderr!].entries())
      stream.on('data', (chunk: Buffer) => {
        this.output[index as 0 | 1] = Buffer.concat([this.output[index as 0 | 1], this.told(chunk)]);
        this.#changed();
      });
    this.#timers.push(setTimeout(() => this.kill('timeout'), plan.timeoutS * 1000));
    if (plan.commitEveryMs !== null) this.#timers.push(setInterval(() => this.commit(), plan.commitEveryMs));
    this.ended = new Promise((resolve) =>
      main.on('close', (code) => {
        for (const timer of this.#timers) clearTimeout(timer);
        for (const child of this.#children) killGroup(child);
        if (!this.#isLost) this.commit();
        for (const { volume } of this.#mounted) volume.release();
        const end: Ended =
          this.#reason === null ? { kind: 'exited', code: code ?? 1 } : { kind: this.#reason };
        this.end = end;
        this.#changed();
        resolve(end);
      }),
    );
  }

  /** A process in the container, its input and output piped. */
  start(command: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
    const [program, ...words] = this.#inside(command);
    const child = spawn(program!, words, {
      detached: true,
      ...(this.#plan.isPlain ? { cwd: this.#plan.folder } : {}),
      env: {
        PATH: `${join(this.#plan.folder, 'bin')}:${process.env.PATH}`,
        HOME: '/root',
        TMPDIR: join(this.#plan.folder, 'tmp'),
        STAND_IN_REQUESTS: join(this.#plan.folder, 'requests'),
        ...this.#plan.environment,
        ...environment,
      },
    });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    child.stdin?.on('error', () => undefined);
    return child;
  }

  /** What runs a command in the container: beside its main process where that is there already, which is several times as fast. */
  #inside(command: readonly string[]): string[] {
    const { workdir, folder, isPlain } = this.#plan;
    if (isPlain)
      return command.map((word) => this.#mounted.reduce((text, { path, volume }) => text.replaceAll(path, volume.view), word)); // biome-ignore format: one expression
    const root = join(folder, 'root');
    const isRoot = process.getuid?.() === 0;
    const pid = this.#main?.pid;
    if (isRoot && pid !== undefined && this.end === null && rootOf(pid) === root)
      return ['nsenter', '-t', String(pid), '-m', '-r', '-w', 'sh', '-c', 'cd "$0" && exec "$@"', workdir, ...command]; // biome-ignore format: a command line
    mkdirSync(root, { recursive: true });
    return ['unshare', isRoot ? '-m' : '-rm', 'sh', ENTER, root, workdir, ...this.#where, '--', ...command];
  }

  /** What its processes write, as it is told outside: a plain container's name their files by where they are here. */
  told(chunk: Buffer): Buffer {
    if (!this.#plan.isPlain) return chunk;
    const text = this.#mounted.reduce((text, { path, volume }) => text.replaceAll(volume.view, path), chunk.toString('latin1')); // biome-ignore format: one expression
    return Buffer.from(text, 'latin1');
  }

  /** Sends a signal to its main process alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.end === null) this.#main!.kill(signal);
  }

  commit(): void {
    if (!this.#isLost) for (const { volume } of this.#mounted) volume.commit();
  }

  reload(): void {
    for (const { volume } of this.#mounted) volume.reload();
  }

  /** Ends everything in it at once, as a preemption does: what was not committed is lost where `isLosing`. */
  kill(reason: 'terminated' | 'timeout', { isLosing = false } = {}): void {
    if (this.end !== null) return;
    this.#reason ??= reason;
    this.#isLost = isLosing;
    for (const child of this.#children) killGroup(child);
  }

  /** Waits until there is more output than this, or the container has ended. */
  async moreThan(index: 0 | 1, length: number): Promise<void> {
    if (this.output[index].length > length || this.end !== null) return;
    await new Promise<void>((resolve) => {
      const listener = () => {
        if (this.output[index].length <= length && this.end === null) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  #answerRequests(): void {
    const folder = join(this.#plan.folder, 'requests');
    const names = readdirSync(folder);
    if (names.length > 0) this.commit();
    for (const name of names) rmSync(join(folder, name));
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Where a process has its root; it is not there yet, or any more: null. */
function rootOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return null;
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
