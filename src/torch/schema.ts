/**
 * Operator schemas in libtorch's own notation, as far as bgb needs them:
 *
 *   aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
 *
 * `SymInt` is read as `int` (PyTorch 2 renamed it where a size may be symbolic) and alias marks such as
 * `Tensor(a!)` are dropped, so that the same operator of two versions reads the same.
 */
export interface SchemaArgument {
  readonly name: string;
  /** Such as `Tensor`, `int[2]`, `Tensor?[]`, `ScalarType?`. */
  readonly type: string;
  readonly hasDefault: boolean;
}

export interface Schema {
  /** With overload: `aten::add.Tensor`. */
  readonly name: string;
  readonly arguments: readonly SchemaArgument[];
  /** Types of what is returned, in order. */
  readonly returns: readonly string[];
}

/** Reads a schema; throws a SyntaxError when the text is not one. */
export function parseSchema(text: string): Schema {
  const open = text.indexOf('(');
  const arrow = text.lastIndexOf(' -> ');
  if (open < 0 || arrow < open) throw new SyntaxError(`not an operator schema: ${text}`);
  const inside = text.slice(open + 1, text.lastIndexOf(')', arrow));
  const returned = text.slice(arrow + 4);
  return {
    name: text.slice(0, open),
    arguments: splitTopLevel(inside)
      .filter((part) => part !== '*')
      .map(parseArgument),
    returns: splitTopLevel(returned.startsWith('(') ? returned.slice(1, -1) : returned).map(
      (part) => splitType(part).type,
    ),
  };
}

/** The schema in this module's reading: without alias marks, defaults only marked by `=`. */
export function formatSchema(schema: Schema): string {
  const parts = schema.arguments.map(
    ({ name, type, hasDefault }) => `${type} ${name}${hasDefault ? '=' : ''}`,
  );
  return `${schema.name}(${parts.join(', ')}) -> (${schema.returns.join(', ')})`;
}

/**
 * Whether a call written for `expected` may be made on `found`: every argument is there with the same type,
 * every other one has a default, and the same types come back. Returns what differs, or null.
 */
export function differenceFrom(expected: Schema, found: Schema): string | null {
  for (const argument of expected.arguments) {
    const other = found.arguments.find(({ name }) => name === argument.name);
    if (other === undefined) return `argument ${argument.name} is gone`;
    if (other.type !== argument.type)
      return `argument ${argument.name} is ${other.type} instead of ${argument.type}`;
    if (argument.hasDefault && !other.hasDefault) return `argument ${argument.name} has no default any more`;
  }
  for (const { name, hasDefault } of found.arguments)
    if (!hasDefault && !expected.arguments.some((argument) => argument.name === name))
      return `argument ${name} is new`;
  if (found.returns.join() !== expected.returns.join())
    return `returns (${found.returns.join(', ')}) instead of (${expected.returns.join(', ')})`;
  return null;
}

function parseArgument(text: string): SchemaArgument {
  const { type, rest } = splitType(text);
  const equals = rest.indexOf('=');
  return {
    name: equals < 0 ? rest : rest.slice(0, equals),
    type,
    hasDefault: equals >= 0,
  };
}

// "Tensor(a! -> *)[] self" -> type "Tensor[]", rest "self"
function splitType(text: string): { type: string; rest: string } {
  let depth = 0;
  let end = text.length;
  for (let i = 0; i < text.length && end === text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ' ' && depth === 0) end = i;
  }
  const type = text
    .slice(0, end)
    .replace(/\([^()]*\)/g, '')
    .replace(/^SymInt/, 'int');
  return { type, rest: text.slice(end + 1) };
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  if (last !== '') parts.push(last);
  return parts;
}
