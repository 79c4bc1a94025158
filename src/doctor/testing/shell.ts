// Runs a printed command as it stands: in a shell, with bgb on the PATH.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../cli/program.ts', import.meta.url));
const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url));
let bin: string | null = null;

/**
 * A folder with an executable `bgb` that runs the sources: what ends by itself in a process that is warm (serve.ts), unless
 * Node itself is told something.
 */
function binFolder(): string {
  if (bin !== null) return bin;
  const folder = mkdtempSync(join(tmpdir(), 'bgb-bin-'));
  const portFile = join(folder, 'port');
  const output = openSync(portFile, 'w');
  const server = spawn(process.execPath, [SERVE, PROGRAM, folder], { stdio: ['pipe', output, 'inherit'] });
  closeSync(output);
  server.unref();
  (server.stdin as Socket).unref();
  process.on('exit', () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(
    join(folder, 'bgb'),
    `#!/bin/bash
case "$1:$NODE_OPTIONS" in
  train: | doctor: | build-cache: | scan-cache: | convert-cache: | validate:) ;;
  *) exec '${process.execPath}' '${MAIN}' "$@" ;;
esac
call=$(mktemp -d)
printf '%s\\0' "$PWD" "$@" > "$call/words"
env -0 > "$call/environment"
exec 3<>"/dev/tcp/127.0.0.1/$(cat '${portFile}')"
echo "$call" >&3
read -r code <&3
cat "$call/out"
cat "$call/err" >&2
rm -r "$call"
exit "$code"
`,
  );
  chmodSync(join(folder, 'bgb'), 0o755);
  while (!readFileSync(portFile, 'utf8').endsWith('\n')) {
    if (server.exitCode !== null || server.pid === undefined) throw new Error('bgb could not be started');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  bin = folder;
  return folder;
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Types a command line into bash. */
export function type(
  command: string,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Ran {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
    cwd,
    env: {
      ...process.env,
      ...env,
      PATH: `${binFolder()}:${process.env.PATH}`,
      OPENBLAS_NUM_THREADS: '1',
    },
    encoding: 'utf8',
  });
  return { code: status, output: stdout, errors: stderr };
}
