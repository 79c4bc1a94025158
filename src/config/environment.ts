import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { nearestName } from './nearest.ts';
import type { Notice } from './notices.ts';
import { shownVariable } from './secrets.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The `BGB_*` variables, typed. */
export interface Environment {
  /** BGB_LIMIT_FILES: recordings to use at most, for a quick try; null: all. */
  readonly limitFiles: number | null;
  /** BGB_DISABLE_TQDM: progress as plain lines, also on a terminal; so on one that cannot move its cursor (TERM). */
  readonly isProgressPlain: boolean;
  /** Whether the terminal shows braille characters: not the kernel's own (TERM), nor with a locale without Unicode. */
  readonly hasBraille: boolean;
  /** BGB_LIBTORCH: folder of the libtorch to compile and load the bridge with. */
  readonly libtorch: string | null;
  /** BGB_FORCE_MANIFEST_REBUILD: write manifests anew from the cache's entries. */
  readonly isManifestRebuildForced: boolean;
  /** BGB_DEBUG: stacks of unexpected errors. */
  readonly isDebugging: boolean;
  /** Variables that stand for a field of the configuration. */
  readonly overrides: readonly {
    readonly field: string;
    readonly value: unknown;
    readonly variable: string;
  }[];
  /** BGB_MODAL_VOLUME and BGB_MODAL_DATA: volume of the results, and where the recordings are; null: the defaults. */
  readonly modal: { readonly volume: string | null; readonly data: string | null };
  /** Variables that start with `BGB_` and mean nothing to bgb. */
  readonly notices: readonly Notice[];
}

const KNOWN = [
  'BGB_LIMIT_FILES',
  'BGB_DISABLE_TQDM',
  'BGB_LIBTORCH',
  'BGB_FORCE_MANIFEST_REBUILD',
  'BGB_DEBUG',
  'BGB_DEVICE',
  // Of runs at Modal.
  'BGB_MODAL_VOLUME',
  'BGB_MODAL_DATA',
  // Of a process that another has started; see processes.ts.
  'BGB_PROCESS',
] as const;

type Known = (typeof KNOWN)[number];

/**
 * Reads the environment: the only place that does. An empty variable counts as not set.
 *
 * @throws InputError `CONFIG_ENVIRONMENT` where a variable has a value that it cannot have
 */
export function readEnvironment(variables: Variables = process.env): Environment {
  const text = (name: Known) => variables[name] || null;
  const device = text('BGB_DEVICE');
  if (device !== null && !['auto', 'cpu', 'cuda'].includes(device))
    throw wrong('BGB_DEVICE', 'auto, cpu or cuda', device);
  return {
    limitFiles: countOf('BGB_LIMIT_FILES', text('BGB_LIMIT_FILES')),
    isProgressPlain: flagOf('BGB_DISABLE_TQDM', text('BGB_DISABLE_TQDM')) || variables.TERM === 'dumb',
    hasBraille: variables.TERM !== 'linux' && isUnicode(variables),
    libtorch: text('BGB_LIBTORCH'),
    isManifestRebuildForced: flagOf('BGB_FORCE_MANIFEST_REBUILD', text('BGB_FORCE_MANIFEST_REBUILD')),
    isDebugging: flagOf('BGB_DEBUG', text('BGB_DEBUG')),
    overrides: device === null ? [] : [{ field: 'experiment.device', value: device, variable: 'BGB_DEVICE' }],
    modal: { volume: text('BGB_MODAL_VOLUME'), data: text('BGB_MODAL_DATA') },
    notices: Object.keys(inForce(variables))
      .filter((name) => !(KNOWN as readonly string[]).includes(name))
      .map((name) => ({
        code: 'CONFIG_ENVIRONMENT_UNKNOWN',
        message: `The environment variable ${name} means nothing to bgb; did you mean ${nearestName(name, KNOWN)}?`,
      })),
  };
}

/**
 * What a container of the SzCORE board is told: `INPUT`, a path below `/data`, and `OUTPUT`, one below `/output`;
 * absolute paths are taken as they are. null where there is no INPUT.
 *
 * @throws InputError `CONFIG_ENVIRONMENT` where only one of them is set
 */
export function containerPaths(
  variables: Variables = process.env,
): { readonly input: string; readonly output: string } | null {
  const [input, output] = [variables.INPUT || null, variables.OUTPUT || null];
  if (input === null) return null;
  if (output === null)
    throw new InputError(
      'CONFIG_ENVIRONMENT',
      'The environment variable INPUT is set and OUTPUT is not: expected a path below /output. Set it.',
    );
  return { input: resolve('/data', input), output: resolve('/output', output) };
}

/** Every `BGB_*` variable that is set, by name, to be printed at start and stored (failures H1); secrets hidden. */
export function inForce(variables: Variables = process.env): Record<string, string> {
  const set = Object.entries(variables).flatMap(([name, value]) =>
    name.startsWith('BGB_') && value !== undefined ? [[name, shownVariable(name, value)] as const] : [],
  );
  return Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The first GPU that CUDA shows to this process, by index or UUID as nvidia-smi takes it (CUDA_VISIBLE_DEVICES). */
export function firstVisibleGpu(variables: Variables = process.env): string {
  return variables.CUDA_VISIBLE_DEVICES?.split(',')[0]?.trim() || '0';
}

/** By the first of the variables that says (locale(7)); where none does, as in many containers, the terminal is a new one. */
function isUnicode({ LC_ALL, LC_CTYPE, LANG }: Variables): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG;
  return !locale || /utf-?8/i.test(locale);
}

/** Where this process runs, by variables that are not bgb's. */
export interface Surroundings {
  /** Whether it is a container rented at Modal, which sets MODAL_* itself. */
  readonly isCloud: boolean;
  /** The Windows user's folder as WSL2 sees it; null where no variable says it. */
  readonly windowsProfile: string | null;
}

/** See {@link Surroundings}. USERPROFILE crosses into WSL2 where WSLENV says so; else both users often have one name. */
export function surroundings(variables: Variables = process.env): Surroundings {
  const profile = /^([A-Za-z]):\\(.*)$/.exec(variables.USERPROFILE ?? '');
  const { USER: user } = variables;
  return {
    isCloud: ['MODAL_TASK_ID', 'MODAL_SANDBOX_ID'].some((name) => variables[name] !== undefined),
    windowsProfile:
      profile !== null
        ? `/mnt/${profile[1]!.toLowerCase()}/${profile[2]!.replaceAll('\\', '/')}`
        : user === undefined
          ? null
          : `/mnt/c/Users/${user}`,
  };
}

function flagOf(name: Known, value: string | null): boolean {
  if (value === null || /^(0|false|no|off)$/i.test(value)) return false;
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  throw wrong(name, '1 or 0', value);
}

function countOf(name: Known, value: string | null): number | null {
  if (value === null) return null;
  const count = Number(value);
  if (/^\d+$/.test(value) && count > 0 && Number.isSafeInteger(count)) return count;
  throw wrong(name, 'a whole number of at least 1', value);
}

function wrong(name: Known, expected: string, value: string): InputError {
  const message = `The environment variable ${name}: expected ${expected}, found '${value}'. Correct or unset it.`;
  return new InputError('CONFIG_ENVIRONMENT', message);
}
