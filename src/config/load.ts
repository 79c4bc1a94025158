import { readFile, stat } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';
import { AGREEMENTS, type Agreement } from './agreement.ts';
import { CHECKS } from './checks.ts';
import type { Environment } from './environment.ts';
import { found } from './expectation.ts';
import { type Notice, noticesOf } from './notices.ts';
import { type Origin, originText } from './origin.ts';
import { ConfigError, type Place, type Problem } from './problem.ts';
import type { Config } from './schema.ts';
import { secretProblem } from './secrets.ts';
import { fitIntoSchema, isMisfit, type Misfit } from './shape.ts';
import { leavesOf, setAt, type Tree, valueAt } from './tree.ts';
import { readYaml } from './yaml-source.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** By dotted field, in the order of the schema; a list is one value. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What is accepted but deserves a word, each to be printed once. */
  readonly notices: readonly Notice[];
}

export interface LoadOptions {
  /** `section.field=value`, the value as YAML; the last one wins over all else. */
  readonly set?: readonly string[] | undefined;
  /** Variables that stand for a field win over the file. */
  readonly environment?: Environment | undefined;
}

/** A configuration of more bytes is something else. */
const LARGEST = 1 << 20;

/**
 * Reads, layers and checks a configuration: defaults, the file, the environment, `--set`, in rising order.
 *
 * @throws ConfigError with every problem of the file at once
 * @throws InputError `CONFIG_FILE` where the file cannot be read
 */
export async function loadConfig(path: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  return resolveConfig(await readText(path), path, options);
}

/** As {@link loadConfig}, of a text; `path` names it in messages and origins. */
export function resolveConfig(text: string, path: string, options: LoadOptions = {}): LoadedConfig {
  const source = readYaml(text, path);
  const problems: Problem[] = [...source.problems];
  if (problems.some(({ field }) => field === '')) throw new ConfigError(path, problems);
  const values = source.values;
  const layers = new Layers(source.places);
  for (const { field, value, variable } of options.environment?.overrides ?? [])
    layers.put(values, field, value, { kind: 'environment', variable });
  for (const assignment of options.set ?? []) problems.push(...layers.putAssignment(values, assignment));
  for (const [field, value] of leavesOf(values)) {
    const text = credentialText(value);
    if (text !== null) problems.push({ field, place: layers.place(field), text });
  }

  const { config, misfits } = fitIntoSchema(values);
  for (const { path: keys, text } of misfits)
    problems.push({ field: keys.join('.'), place: layers.place(keys.join('.')), text });
  const origins = new Map<string, Origin>(
    leavesOf(config).map(([field]) => [field, layers.origin(field, valueAt(values, field))]),
  );
  for (const agreement of AGREEMENTS) {
    const text = agree(agreement, config, origins, misfits);
    if (text !== null) problems.push({ field: agreement.field, place: layers.place(agreement.field), text });
  }
  for (const { fields, problem } of CHECKS) {
    if (fields.some((field) => isMisfit(misfits, field))) continue;
    const text = problem(config);
    const stated = fields.find((field) => origins.get(field)?.kind !== 'default') ?? fields[0];
    if (text !== null) problems.push({ field: fields[0], place: layers.place(stated), text });
  }
  if (problems.length > 0) throw new ConfigError(path, problems);
  return { config, origins, notices: noticesOf(config, origins) };
}

/** Where each field's value came from, in layers. */
class Layers {
  readonly #places: ReadonlyMap<string, Place>;
  /** Fields, and sections given whole, that a layer above the file states. */
  readonly #above = new Map<string, { place: Place; origin: Origin }>();

  constructor(places: ReadonlyMap<string, Place>) {
    this.#places = places;
  }

  put(values: Tree, field: string, value: unknown, origin: Origin): void {
    const source = originText(origin);
    setAt(values, field, value);
    this.#above.set(field, { place: { source, line: null, column: null }, origin });
  }

  /** Takes one `section.field=value`. */
  putAssignment(values: Tree, assignment: string): Problem[] {
    const equals = assignment.indexOf('=');
    const field = assignment.slice(0, Math.max(0, equals)).trim();
    // The value is not repeated in messages about its form: it may be a secret in the wrong place.
    const place: Place = { source: '--set', line: null, column: null };
    const refuse = (text: string): Problem[] => [{ field, place, text }];
    if (!/^[^.\s]+(\.[^.\s]+)*$/.test(field))
      return refuse('expected section.field=value, as in training.epochs=3; no field stands before the =.');
    const parsed = readYaml(`value: ${assignment.slice(equals + 1)}`, place.source);
    if (parsed.problems.length > 0) return refuse(parsed.problems[0]!.text);
    if (Object.keys(parsed.values).length !== 1) return refuse('expected one value on one line.');
    this.put(values, field, parsed.values.value, { kind: 'set' });
    return [];
  }

  /** Of the field, the section that holds it, or else the whole file. */
  place(field: string): Place {
    const within = [...this.#above.keys()].find((name) => name.startsWith(`${field}.`));
    for (const name of [...(within ? [within] : []), ...outward(field)]) {
      const place = this.#above.get(name)?.place ?? this.#places.get(name);
      if (place) return place;
    }
    return {
      source: this.#places.values().next().value?.source ?? 'configuration',
      line: null,
      column: null,
    };
  }

  origin(field: string, stated: unknown): Origin {
    const names = outward(field);
    const above = names.map((name) => this.#above.get(name)).find((layer) => layer !== undefined);
    if (above && stated !== undefined) return above.origin;
    const place = names.map((name) => this.#places.get(name)).find((known) => known !== undefined);
    if (stated === undefined || place === undefined || place.line === null) return { kind: 'default' };
    return { kind: 'file', path: place.source, line: place.line };
  }
}

/** `a.b.c`, `a.b`, `a`. */
function outward(field: string): string[] {
  const names = field.split('.');
  return names.map((_, index) => names.slice(0, names.length - index).join('.'));
}

/** Derives the field where it is not stated; says what is wrong where it is and differs. */
function agree(
  { field, follows, and = [], expected, isMutual, isSame = Object.is, isOnlyDefault }: Agreement,
  config: Config,
  origins: Map<string, Origin>,
  misfits: readonly Misfit[],
): string | null {
  const fields = [field, follows, ...and];
  if (!origins.has(field) || fields.some((name) => isMisfit(misfits, name))) return null;
  const value = expected(config);
  const isDefault = (name: string) => origins.get(name)?.kind === 'default';
  if (isDefault(field)) {
    if ([follows, ...and].every(isDefault)) return null;
    setAt(config, field, value);
    origins.set(field, { kind: 'derived', from: follows });
    return null;
  }
  if (isMutual && isDefault(follows)) {
    setAt(config, follows, valueAt(config, field));
    origins.set(follows, { kind: 'derived', from: field });
    return null;
  }
  if (isOnlyDefault || isSame(valueAt(config, field), value)) return null;
  const stated = [follows, ...and].map(
    (name) => `${name} ${shown(valueAt(config, name))} (${originText(origins.get(name)!)})`,
  );
  return `expected ${shown(value)}, as follows from ${stated.join(' and ')}, found ${shown(valueAt(config, field))}.`;
}

function shown(value: unknown): string {
  return Array.isArray(value)
    ? JSON.stringify(value)
    : typeof value === 'string'
      ? `'${value}'`
      : found(value);
}

/** Values are stored in the run folder as they are. */
function credentialText(value: unknown): string | null {
  const texts = [value].flat().filter((text) => typeof text === 'string');
  return texts.map(secretProblem).find((problem) => problem !== null) ?? null;
}

async function readText(path: string): Promise<string> {
  const refuse = (reason: string, cause?: unknown) =>
    new InputError('CONFIG_FILE', `${path}: ${reason}`, { cause });
  let bytes: Buffer;
  try {
    const information = await stat(path);
    if (information.isDirectory()) throw refuse('expected a configuration file (YAML), found a folder.');
    if (information.size > LARGEST)
      throw refuse(`expected a configuration of at most ${LARGEST} bytes, found ${information.size}.`);
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refuse(isMissing ? 'there is no such file.' : `cannot be read: ${messageOf(error)}`, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse('expected a configuration in YAML, found bytes that are not UTF-8 text.', error);
  }
}

/** As {@link loadConfig}; without a file, every value is its default unless set otherwise. */
export async function loadConfigOrDefaults(
  path: string | null,
  options: LoadOptions = {},
): Promise<LoadedConfig> {
  return path === null ? resolveConfig('{}', '(defaults)', options) : loadConfig(path, options);
}
