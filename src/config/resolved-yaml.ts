import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import { type Origin, originText } from './origin.ts';
import type { Config } from './schema.ts';

/** The whole configuration as YAML, the origin of each value as a comment; it loads back to the same. */
export function resolvedYaml(config: Config, origins: ReadonlyMap<string, Origin>): string {
  const document = new Document(config, { version: '1.2', schema: 'core', aliasDuplicateObjects: false });
  document.commentBefore = ' The resolved configuration; behind each value, where it comes from.';
  annotate(document.contents, [], origins);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function annotate(node: Node | null, path: readonly string[], origins: ReadonlyMap<string, Origin>): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (isScalar(key)) annotate(value as Node, [...path, String(key.value)], origins);
    }
    return;
  }
  const origin = origins.get(path.join('.'));
  if (node === null || origin === undefined) return;
  if (isSeq(node)) node.flow = true;
  // A line break in a file's name would end the comment.
  node.comment = ` ${originText(origin).replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')}`;
}
