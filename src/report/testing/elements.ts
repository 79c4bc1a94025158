/** An element's start as it stands in markup. */
export interface Found {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text between its tags, where it has no elements in it. */
  readonly text: string;
}

/** The elements of markup in order, for tests. @throws Error unless every tag is closed in its order */
export function elementsOf(markup: string): Found[] {
  const found: Found[] = [];
  const open: string[] = [];
  for (const [, end, name, attributes, text] of markup.matchAll(
    /<(\/?)([a-z0-9]+)((?:\s[^<>]*)?)>([^<]*)/gi,
  )) {
    if (end === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes what is not open`);
      continue;
    }
    if (name !== 'meta' && name !== 'br') open.push(name!);
    const pairs = [...attributes!.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)="([^"]*)"/g)].map(([, key, value]) => [
      key!,
      value!,
    ]);
    found.push({ name: name!, attributes: Object.fromEntries(pairs), text: text! });
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} are not closed`);
  return found;
}

/** Those of a class. */
export function ofClass(elements: readonly Found[], kind: string): Found[] {
  return elements.filter(({ attributes }) => attributes.class === kind);
}

/** Numbers of some attributes. */
export function numbersOf({ attributes }: Found, ...names: readonly string[]): number[] {
  return names.map((name) => Number(attributes[name]));
}
