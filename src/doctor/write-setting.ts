import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { ConfigError, type Problem, resolveConfig } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';

/**
 * Writes fields into a configuration file, `field=value` each with the value as YAML; an empty value takes the field out, and
 * `field+=value` adds it to a list. Comments and the order of the rest stay. Returns what was changed, a line each.
 *
 * A file in which several things are wrong is mended one command at a time: problems of other fields that it had stay.
 *
 * @throws InputError `DOCTOR_WRITE` for an assignment that is none or a file that is no YAML; as `loadConfig` where the
 * values written, or a file that could be used before, could not be used then; nothing is written
 */
export async function writeSettings(path: string, assignments: readonly string[]): Promise<string[]> {
  const original = await readFile(path, 'utf8').catch((cause) => refuse(`${path} cannot be read.`, cause));
  const document = parseDocument(original);
  if (document.errors.length > 0)
    refuse(`${path} is not valid YAML: ${document.errors[0]!.message.split('\n')[0]}`);
  const written: string[] = [];
  const changes = assignments.map((assignment) => {
    const at = assignment.indexOf('=');
    const isAdded = at > 0 && assignment[at - 1] === '+';
    const field = assignment.slice(0, Math.max(0, isAdded ? at - 1 : at));
    if (!/^\w+(\.\w+)+$/.test(field))
      refuse(`--write ${assignment}: expected section.field=value, or section.field+=value for a list.`);
    written.push(field);
    const keys = field.split('.');
    const text = assignment.slice(at + 1);
    const before = document.hasIn(keys) ? String(document.getIn(keys)) : 'not stated';
    if (text === '') {
      document.deleteIn(keys);
      return `${path}: ${field}: ${before} -> not stated`;
    }
    const value: unknown = parseDocument(text).toJS();
    if (isAdded) {
      const listed = valueIn(document.toJS(), keys) ?? [];
      if (!Array.isArray(listed)) refuse(`--write ${assignment}: ${field} is ${before}, no list.`);
      if (listed.length === 0) document.setIn(keys, document.createNode([value]));
      else if (!listed.includes(value)) document.addIn(keys, value);
      return `${path}: ${field}: ${text} added`;
    }
    document.setIn(keys, value);
    return `${path}: ${field}: ${before} -> ${text}`;
  });
  // Lines are left as long as they are.
  const text = document.toString({ lineWidth: 0 });
  const left = problemsOf(text, path);
  const isWorse =
    left.some(({ field }) => written.includes(field)) ||
    (left.length > 0 && problemsOf(original, path).length === 0);
  if (isWorse) throw new ConfigError(path, left);
  await writeAtomic(path, text);
  return changes;
}

/** What stands at a place of nested maps. */
function valueIn(all: unknown, keys: readonly string[]): unknown {
  let at = all;
  for (const key of keys) at = (at as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return at;
}

function problemsOf(text: string, path: string): readonly Problem[] {
  try {
    resolveConfig(text, path);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function refuse(message: string, cause?: unknown): never {
  throw new InputError('DOCTOR_WRITE', message, { cause });
}
