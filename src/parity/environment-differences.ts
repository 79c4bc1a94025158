import { canonicalJson } from '../files/index.ts';
import type { Environment, RunSession } from '../runs/index.ts';
import { type Effect, type Finding, shown } from './finding.ts';

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

/**
 * In what two runs' machines and code differ, what can do most first. A run that was resumed has several environments: all of
 * them count.
 *
 * @param known.isDataSame both are known to have had the same data, so that no limit on recordings left any out
 */
export function environmentDifferences(
  a: readonly Session[],
  b: readonly Session[],
  { isDataSame }: { readonly isDataSame: boolean },
): Finding[] {
  const [one, other] = [environmentsOf(a), environmentsOf(b)];
  const fields = (Object.keys(EFFECTS) as (keyof typeof EFFECTS)[])
    .filter((field) => field !== 'code_sha256')
    .flatMap((field): Finding[] => {
      const [inA, inB] = [valuesOf(one, field), valuesOf(other, field)];
      if (!inA.every(isTold(field)) || !inB.every(isTold(field))) return [];
      return found(field, { effect: EFFECTS[field], isAllowed: !MUST_EQUAL.includes(field) }, [inA, inB]);
    });
  const code = codeDifference(one, other);
  return [...variableDifferences(one, other, isDataSame), ...code, ...fields];
}

type Session = Pick<RunSession, 'environment'>;

function environmentsOf(sessions: readonly Session[]): Environment[] {
  return sessions.map(({ environment }) => environment);
}

/** The values of a field, in the order of the sessions, each once in a row. */
function valuesOf(environments: readonly Environment[], field: keyof Environment): unknown[] {
  return changes(environments.map((environment) => environment[field]));
}

function changes<T>(values: readonly T[]): T[] {
  return values.filter((value, at) => at === 0 || canonicalJson(value) !== canonicalJson(values[at - 1]));
}

function found(
  what: string,
  { effect, isAllowed }: Pick<Finding, 'effect' | 'isAllowed'>,
  [a, b]: readonly [readonly unknown[], readonly unknown[]],
): Finding[] {
  if (canonicalJson(a) === canonicalJson(b)) return [];
  const [one, other] = [a, b].map((values) => (values.length === 1 ? values[0] : values));
  const name = NAMES[what as keyof Environment] ?? what;
  const toldOf = (value: unknown) => (value !== null ? shown(value) : what === 'cuda' ? 'none' : 'not set');
  const told = (values: readonly unknown[]) => values.map(toldOf).join(', later ');
  const text = `${name} is ${told(a)} in A and ${told(b)} in B`;
  return [{ kind: 'environment', what, isAllowed, effect, a: one, b: other, text }];
}

/**
 * Null is what a run of an earlier version does not say, or, of the lock file, what a bundle has not; of CUDA, that libtorch was
 * built without.
 */
function isTold(field: keyof Environment): (value: unknown) => boolean {
  return (value) => field === 'cuda' || (value !== null && value !== undefined);
}

/** By the hash of the code; by the commit where a run has no hash. */
function codeDifference(a: readonly Environment[], b: readonly Environment[]): Finding[] {
  const all = [...a, ...b];
  const isHashed = all.every(({ code_sha256 }) => code_sha256 !== null);
  if (!isHashed && all.some(({ code }) => code === null)) return [];
  const keyOf = ({ code, code_sha256 }: Environment) => (isHashed ? code_sha256 : canonicalJson(code));
  if (canonicalJson(changes(a.map(keyOf))) === canonicalJson(changes(b.map(keyOf)))) return [];
  const what = { effect: EFFECTS.code_sha256, isAllowed: false };
  return found('code_sha256', what, [changes(a.map(codeOf)), changes(b.map(codeOf))]);
}

/** `commit 0123456789ab with local changes (hash 89abcdef)`, or the hash alone. */
function codeOf({ code, code_sha256 }: Environment): string {
  const hash = code_sha256?.slice(0, 8);
  if (code === null) return `hash ${hash}`;
  const commit = `commit ${code.commit.slice(0, 12)}${code.is_dirty ? ' with local changes' : ''}`;
  return hash === undefined ? commit : `${commit} (hash ${hash})`;
}

function variableDifferences(
  a: readonly Environment[],
  b: readonly Environment[],
  isDataSame: boolean,
): Finding[] {
  const names = new Set([...a, ...b].flatMap(({ variables }) => Object.keys(variables)));
  return [...names].sort().flatMap((name) => {
    const values = (environments: readonly Environment[]) =>
      changes(environments.map(({ variables }) => variables[name] ?? null));
    const isDeciding = DECIDING.includes(name) && !isDataSame;
    const effect = isDeciding ? 'windows' : 'none';
    return found(name, { effect, isAllowed: !isDeciding }, [values(a), values(b)]);
  });
}
