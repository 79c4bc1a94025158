import { canonicalJson } from '../files/index.ts';
import type { Environment } from '../runs/index.ts';
import { clause, type Effect, type Finding } from './finding.ts';

/** What a difference in a field of the environment can do. */
const EFFECTS: Readonly<Record<Exclude<keyof Environment, 'variables' | 'code'>, Effect>> = {
  code_sha256: 'windows',
  lock_file: 'windows',
  bgb: 'windows',
  node: 'rounding',
  libtorch: 'rounding',
  cuda: 'rounding',
  gpus: 'rounding',
  device: 'rounding',
  threads: 'rounding',
  platform: 'none',
  is_wsl: 'none',
  cpu: 'rounding',
  usable_cores: 'none',
  cpu_limit_cores: 'none',
  processes: 'rounding',
  memory_bytes: 'none',
  memory_limit_bytes: 'none',
  mounts: 'none',
};

const NAMES: Partial<Record<keyof Environment, string>> = {
  bgb: 'the version of bgb',
  code_sha256: 'the code',
  lock_file: 'the lock file',
  node: 'the version of Node',
  libtorch: 'the version of libtorch',
  cuda: 'the version of CUDA',
  gpus: 'the GPU',
  device: 'the device',
  threads: 'the number of threads',
  processes: 'the number of processes',
  cpu: 'the processor',
};

/** Runs of one training have the same code. */
const MUST_EQUAL: readonly string[] = ['bgb', 'code_sha256', 'lock_file'];

/** Variables that decide which data there is; the others say where things are, or what is shown. */
const DECIDING: readonly string[] = ['BGB_LIMIT_FILES'];

/** In what two runs' machines and code differ, what can do most first. */
export function environmentDifferences(a: Environment, b: Environment): Finding[] {
  const fields = (Object.keys(EFFECTS) as (keyof typeof EFFECTS)[])
    .filter((field) => isTold(a[field]) && isTold(b[field]))
    .filter((field) => canonicalJson(a[field]) !== canonicalJson(b[field]))
    .map((field): Finding => {
      const [one, other] = field === 'code_sha256' ? [codeOf(a), codeOf(b)] : [a[field], b[field]];
      return {
        ...{ kind: 'environment', what: field, effect: EFFECTS[field], a: one, b: other },
        isAllowed: !MUST_EQUAL.includes(field),
        text: clause(NAMES[field] ?? field, one, other),
      };
    });
  return [...variableDifferences(a.variables, b.variables), ...fields];
}

/** A run of an earlier version does not say. Empty lists and null are told where they mean that there is none. */
function isTold(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** `commit 0123456789ab with local changes`, or the hash of the code where there is no commit. */
function codeOf({ code, code_sha256 }: Environment): string {
  if (code === null) return `${code_sha256?.slice(0, 12)}`;
  return `commit ${code.commit.slice(0, 12)}${code.is_dirty ? ` with local changes (${code_sha256?.slice(0, 8)})` : ''}`;
}

function variableDifferences(a: Environment['variables'], b: Environment['variables']): Finding[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names
    .filter((name) => a[name] !== b[name])
    .map((name): Finding => {
      const isDeciding = DECIDING.includes(name);
      const told = (value: string | undefined) => (value === undefined ? 'not set' : value);
      return {
        ...{ kind: 'environment', what: name, isAllowed: !isDeciding },
        ...{ effect: isDeciding ? 'windows' : 'none', a: a[name] ?? null, b: b[name] ?? null },
        text: clause(name, told(a[name]), told(b[name])),
      };
    });
}
