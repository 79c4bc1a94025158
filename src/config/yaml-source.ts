import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { messageOf } from '../errors.ts';
import type { Place, Problem } from './problem.ts';
import { emptyTree, type Tree } from './tree.ts';

/** A YAML text as nested values, with the place of every key and list element by dotted field. */
export interface YamlSource {
  readonly values: Tree;
  /** Places of the keys; those of list elements are their own. */
  readonly places: ReadonlyMap<string, Place>;
  readonly problems: readonly Problem[];
}

/** Further nesting is not followed; the schema is four deep. */
const DEEPEST = 16;

/**
 * Reads one YAML 1.2 (core schema) document that is a mapping. Duplicate keys, anchors, aliases and tags of
 * other languages are problems: each would make a value come from somewhere else than it seems.
 *
 * @param name of the source, for messages
 */
export function readYaml(text: string, name: string): YamlSource {
  const reader = new Reader(name);
  const values = reader.read(text);
  return { values, places: reader.places, problems: reader.problems };
}

class Reader {
  readonly places = new Map<string, Place>();
  readonly problems: Problem[] = [];
  readonly #name: string;
  readonly #lines = new LineCounter();

  constructor(name: string) {
    this.#name = name;
  }

  read(text: string): Tree {
    const document = this.#parse(text);
    if (document === null) return emptyTree();
    const syntax = [...document.errors, ...document.warnings];
    for (const { code, message, pos } of syntax) this.#problem('', pos[0], syntaxText(code, message));
    this.#keepFirstOfEachLine();
    if (document.errors.length > 0) return emptyTree();
    const { yaml } = document.directives ?? {};
    if (yaml?.explicit && yaml.version !== '1.2')
      this.#problem('', 0, `expected YAML 1.2, found a %YAML ${yaml.version} directive.`);
    const root = document.contents;
    if (isMap(root)) return this.#value(root, '', 0) as Tree;
    const at = root?.range?.[0] ?? 0;
    const isEmpty = root === null || (isScalar(root) && root.value === null);
    const found = isEmpty ? 'an empty document' : isSeq(root) ? 'a list' : 'a single value';
    this.#problem('', at, `expected sections such as 'data:' and 'training:', found ${found}.`);
    return emptyTree();
  }

  #parse(text: string): Document.Parsed | null {
    const options = {
      version: '1.2',
      schema: 'core',
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: this.#lines,
    } as const;
    try {
      return parseDocument(text, options);
    } catch (error) {
      // The parser is recursive: nesting some thousands deep ends in a RangeError.
      this.#problem('', 0, `cannot be read as YAML: ${messageOf(error)}.`);
      return null;
    }
  }

  #value(node: Node | null, field: string, depth: number): unknown {
    if (node === null) return null;
    if (depth > DEEPEST) return this.#problem(field, start(node), `nested more than ${DEEPEST} deep.`);
    if (isAlias(node) || node.anchor !== undefined) {
      const found = isAlias(node) ? `the alias *${node.source}` : `the anchor &${node.anchor}`;
      this.#problem(field, start(node), `expected the value itself, found ${found}; write it out.`);
    }
    if (isMap(node)) return this.#mapping(node.items as Pair[], field, depth);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        this.#place(`${field}.${index}`, start(item as Node));
        return this.#value(item as Node, `${field}.${index}`, depth + 1);
      });
    }
    return isScalar(node) ? node.value : null;
  }

  #mapping(items: readonly Pair[], section: string, depth: number): Tree {
    const values = emptyTree();
    for (const { key, value } of items) {
      if (!isScalar(key)) {
        this.#problem(
          section,
          key === null ? 0 : start(key),
          'expected a key, found a list, mapping or alias.',
        );
        continue;
      }
      const name = String(key.value);
      const field = section === '' ? name : `${section}.${name}`;
      const first = this.places.get(field);
      if (first)
        this.#problem(field, start(key), `stated twice; line ${first.line} states it too. Keep one.`);
      else this.#place(field, start(key));
      values[name] = this.#value(value, field, depth + 1);
    }
    return values;
  }

  #place(field: string, offset: number): void {
    this.places.set(field, this.#at(offset));
  }

  #problem(field: string, offset: number, text: string): void {
    this.problems.push({ field, place: this.#at(offset), text });
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { source: this.#name, line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** What follows on the line of a syntax error is mostly its consequence. */
  #keepFirstOfEachLine(): void {
    const seen = new Set<number | null>();
    const kept = this.problems.filter(({ place }) => !seen.has(place.line) && seen.add(place.line));
    this.problems.splice(0, this.problems.length, ...kept);
  }
}

interface Pair {
  readonly key: Node | null;
  readonly value: Node | null;
}

function start(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function syntaxText(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'indented with a tab; YAML is indented with spaces.';
  if (code === 'MULTIPLE_DOCS')
    return "a second document starts here; a configuration is one, without '---'.";
  return `not valid YAML: ${message.split('\n')[0]!.replace(/[.:]$/, '')}.`;
}
