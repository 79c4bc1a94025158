import { isAbsolute } from 'node:path';
import { InputError } from '../errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Which variables of this shell a run elsewhere gets. */
export interface Forwarded {
  readonly always: Readonly<Record<string, string>>;
  /** For the first attempt only: what has been done once must not be done again after each interruption. */
  readonly once: Readonly<Record<string, string>>;
  /** Set here and not handed on, each with the reason. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

const ONCE = ['BGB_FORCE_MANIFEST_REBUILD'];
/** What only this machine or this process means. */
const HERE: Readonly<Record<string, string>> = {
  BGB_PROCESS: 'of this process',
  BGB_MODAL_VOLUME: 'says where results are kept',
  BGB_MODAL_DATA: 'says where recordings are',
};
const SECRET = /TOKEN|SECRET|PASSWORD|CREDENTIAL|(^|_)KEY($|_)/;
/** The same by whole words, for what is asked for by name: TOKENIZERS_PARALLELISM is none. */
const SECRET_ASKED = /(^|_)(TOKEN|SECRET|PASSWORD|CREDENTIALS?|KEY)($|_)/i;

/**
 * The `BGB_*` variables of this shell that go with a run to another machine: all, except a limit of files, which is easily
 * forgotten in a shell and ruins a paid run (failures H1), paths of this machine, and secrets, unless asked for by name.
 *
 * @param asked as in `--env`: `NAME`, with its value here, or `NAME=VALUE`
 * @throws InputError `CONFIG_ENVIRONMENT` for a name that is not set here
 */
export function forwardedVariables(asked: readonly string[], variables: Variables = process.env): Forwarded {
  const given = new Map(asked.map((assignment) => givenVariable(assignment, variables)));
  const always: Record<string, string> = {};
  const once: Record<string, string> = {};
  const left: { name: string; reason: string }[] = [];
  const set = Object.entries(variables).filter(([name, value]) => name.startsWith('BGB_') && value);
  for (const [name, value] of set as [string, string][]) {
    if (given.has(name)) continue;
    const reason = reasonToStay(name, value);
    if (reason !== null) left.push({ name, reason });
    else (ONCE.includes(name) ? once : always)[name] = value;
  }
  for (const [name, value] of given) (ONCE.includes(name) ? once : always)[name] = value;
  return { always, once, left };
}

/** The whole environment, for a command that this process starts in its own place. */
export function wholeEnvironment(variables: Variables = process.env): Variables {
  return variables;
}

function reasonToStay(name: string, value: string): string | null {
  if (HERE[name] !== undefined) return HERE[name];
  if (name === 'BGB_LIMIT_FILES') return `a limit of files needs --env ${name}`;
  if (SECRET.test(name)) return "a secret belongs in one of Modal's (--secret)";
  if (name === 'BGB_LIBTORCH' || isAbsolute(value) || value.startsWith('~'))
    return `a path of this machine needs --env ${name}`;
  return null;
}

function givenVariable(assignment: string, variables: Variables): [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(assignment) ?? [];
  if (name !== undefined && SECRET_ASKED.test(name))
    throw new InputError(
      'CONFIG_ENVIRONMENT',
      `--env ${name}: a secret would be printed and kept with the run. Put it into one of Modal's: modal secret create NAME ${name}=..., then --secret NAME.`,
    );
  const found = value ?? (name === undefined ? undefined : variables[name]);
  if (name !== undefined && found !== undefined) return [name, found];
  throw new InputError(
    'CONFIG_ENVIRONMENT',
    `--env ${assignment}: expected NAME=VALUE, or the name of a variable that is set here. Correct it.`,
  );
}
