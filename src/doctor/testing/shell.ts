// Runs a printed command as it stands: in a shell, with bgb on the PATH.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let bin: string | null = null;

/** A folder with an executable `bgb` that runs the sources. */
function binFolder(): string {
  if (bin !== null) return bin;
  bin = mkdtempSync(join(tmpdir(), 'bgb-bin-'));
  writeFileSync(join(bin, 'bgb'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(bin, 'bgb'), 0o755);
  return bin;
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
