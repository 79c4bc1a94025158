import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import { type Origin, originTexts } from './origin.ts';
import type { Config } from './schema.ts';

/** The whole configuration as YAML, the origin of each value as a comment; it loads back to the same. */
export function resolvedYaml(config: Config, origins: ReadonlyMap<string, Origin>): string {
  const heading = 'The resolved configuration; behind each value, where it comes from.';
  return annotatedYaml(config, originTexts(origins), heading);
}

/** Nested values as YAML under a heading, with a comment behind each value that `comments` has, by dotted field. */
export function annotatedYaml(
  values: object,
  comments: Readonly<Record<string, string>>,
  heading: string,
): string {
  const document = new Document(values, { version: '1.2', schema: 'core', aliasDuplicateObjects: false });
  document.commentBefore = ` ${heading}`;
  annotate(document.contents, '', comments);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function annotate(node: Node | null, field: string, comments: Readonly<Record<string, string>>): void {
  // A map with a comment of its own is a value.
  if (isMap(node) && !Object.hasOwn(comments, field)) {
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      annotate(value as Node, field === '' ? name : `${field}.${name}`, comments);
    }
    return;
  }
  if (isSeq(node) || isMap(node)) node.flow = true;
  if (node === null || !Object.hasOwn(comments, field)) return;
  // A line break, as in a file's name, would end the comment.
  node.comment = ` ${comments[field]!.replaceAll(/[\s\p{Cc}]+/gu, ' ')}`;
}
