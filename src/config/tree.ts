/** Nested sections of values; a list is a value, and so is a map whose keys users choose. */
export interface Tree {
  [name: string]: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a dotted field; undefined where it, or a section on the way, is missing. */
export function valueAt(tree: unknown, field: string): unknown {
  return field.split('.').reduce<unknown>((at, name) => (isTree(at) ? at[name] : undefined), tree);
}

/** Sets a dotted field, making the sections on the way where something else stands. */
export function setAt(tree: Tree, field: string, value: unknown): void {
  const names = field.split('.');
  const last = names.pop()!;
  let at = tree;
  for (const name of names) {
    if (!isTree(at[name])) at[name] = emptyTree();
    at = at[name] as Tree;
  }
  at[last] = value;
}

/** Fields that hold a map. */
const MAPS: readonly string[] = ['data.labels'];

/** Every value with its dotted field, in order. Empty sections have none. */
export function leavesOf(tree: Tree, prefix = ''): [field: string, value: unknown][] {
  return Object.entries(tree).flatMap(([name, value]): [string, unknown][] =>
    isTree(value) && !MAPS.includes(`${prefix}${name}`)
      ? leavesOf(value, `${prefix}${name}.`)
      : [[`${prefix}${name}`, value]],
  );
}

/** Without a prototype, so that a key such as `__proto__` is a key like any other. */
export function emptyTree(): Tree {
  return Object.create(null) as Tree;
}
