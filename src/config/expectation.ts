import { z } from 'zod';
import { nearestName } from './nearest.ts';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that {@link configSchema} turns into. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node | false;
  /** Of a map. */
  readonly additionalProperties?: Node | boolean;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

let root: Node | null = null;

/** Built when something is wrong, not at start-up. */
function schemaRoot(): Node {
  root ??= z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Node;
  return root;
}

function nodeAt(path: readonly string[]): Node {
  let node = withoutNull(schemaRoot());
  for (const name of path) {
    const value = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
    const next = node.properties?.[name] ?? node.prefixItems?.[Number(name)] ?? node.items ?? value;
    if (!next) return node;
    node = withoutNull(next);
  }
  return node;
}

function withoutNull(node: Node): Node {
  const others = node.anyOf?.filter(({ type }) => type !== 'null');
  return others?.length === 1 && !node.description ? others[0]! : node;
}

function isNullable(path: readonly string[]): boolean {
  const section = path.length === 0 ? schemaRoot() : nodeAt(path.slice(0, -1));
  return section.properties?.[path.at(-1)!]?.anyOf?.some(({ type }) => type === 'null') ?? false;
}

/** What belongs at a place of the schema, in words: `a number above 0 or null`. */
export function expectation(path: readonly string[]): string {
  return `${inWords(nodeAt(path))}${isNullable(path) ? ' or null' : ''}`;
}

function inWords(node: Node): string {
  if (node.description !== undefined) return node.description;
  if (node.enum) return node.enum.length === 1 ? node.enum[0]! : `one of ${node.enum.join(', ')}`;
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'string') return 'text';
  if (node.type === 'object') return `the keys ${Object.keys(node.properties ?? {}).join(', ')}`;
  if (node.type === 'array') return `a list${node.items ? `, each ${inWords(node.items)}` : ''}`;
  return `${node.type === 'integer' ? 'a whole number' : 'a number'}${bounds(node)}`;
}

function bounds(node: Node): string {
  const isWhole = node.type === 'integer';
  const parts: string[] = [];
  if (node.exclusiveMinimum !== undefined) {
    parts.push(isWhole ? `of at least ${node.exclusiveMinimum + 1}` : `above ${node.exclusiveMinimum}`);
  } else if (node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER) {
    parts.push(`of at least ${node.minimum}`);
  }
  if (node.exclusiveMaximum !== undefined) parts.push(`below ${node.exclusiveMaximum}`);
  else if (node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER)
    parts.push(`at most ${node.maximum}`);
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

/** What was found, in words; long text is cut. */
export function found(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) {
    const list = JSON.stringify(value);
    return list.length > 60 ? `a list of ${value.length}` : `the list ${list}`;
  }
  if (typeof value === 'object') return 'a section of keys';
  if (typeof value !== 'string') return String(value);
  const shown = value.length > 60 ? `${value.slice(0, 57)}...` : value;
  const hint = /^(yes|no|on|off|y|n)$/i.test(value) ? ' (YAML 1.2 writes true and false)' : '';
  return `text '${shown.replaceAll(/\p{Cc}/gu, ' ')}'${hint}`;
}

/** The choice that a misspelt word meant, as a further sentence; empty where there are no choices. */
export function nearestChoice(path: readonly string[], value: unknown): string {
  const choices = nodeAt(path).enum;
  if (typeof value !== 'string' || choices === undefined || choices.length < 2) return '';
  return `; did you mean '${nearestName(value, choices)}'?`;
}

/** A key that the schema does not have, with the nearest that it has: here, or of this very name elsewhere. */
export function unknownKey(section: readonly string[], name: string): string {
  const keys = Object.keys(nodeAt(section).properties ?? {});
  const elsewhere = fieldsNamed(name, schemaRoot(), []);
  const nearest = `did you mean '${nearestName(name, keys)}'?`;
  const hint = elsewhere.length > 0 ? `it belongs under ${elsewhere.join(' or ')}.` : nearest;
  return `unknown key; ${hint} Expected ${section.length === 0 ? 'at the top' : `under ${section.join('.')}`}: ${keys.join(', ')}.`;
}

function fieldsNamed(name: string, node: Node, path: readonly string[]): string[] {
  return Object.entries(withoutNull(node).properties ?? {}).flatMap(([key, child]) => [
    ...(key === name ? [path.length === 0 ? 'the top level' : path.join('.')] : []),
    ...fieldsNamed(name, child, [...path, key]),
  ]);
}
