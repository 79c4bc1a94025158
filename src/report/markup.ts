/** Text of HTML or SVG that is safe to put in: made by {@link element} only, which escapes every string. */
export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | null;

type Attributes = Readonly<Record<string, string | number | null | undefined>>;

/** HTML elements without an end tag. */
const VOID = new Set(['br', 'hr', 'meta']);
/** A name from data may be of any length. */
const LONGEST_TEXT = 400;

/**
 * An element of HTML or SVG. Strings among the children are text; they and all attributes are escaped.
 *
 * ```ts
 * element('text', { x: 10, y: 20 }, recording.name);
 * ```
 */
export function element(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(shown(value!))}"`)
    .join('');
  if (VOID.has(name)) return { markup: `<${name}${given}>` };
  return { markup: `<${name}${given}>${group(...children).markup}</${name}>` };
}

/** Several, one after the other. */
export function group(...children: readonly Child[]): Markup {
  const parts = children.map((child) => {
    if (child === null) return '';
    return typeof child === 'object' ? child.markup : escaped(shortened(shown(child)));
  });
  return { markup: parts.join('') };
}

/** A style sheet of our own: the one text that is not escaped. */
export function styleSheet(css: string): Markup {
  return { markup: `<style>${css}</style>` };
}

/** Numbers to a hundredth: less than what is seen in a plot. */
function shown(value: string | number): string {
  return typeof value === 'string' ? value : String(Math.round(value * 100) / 100);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** XML allows no control characters, and no half of a surrogate pair. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is replaced
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"']/g, (letter) => ENTITIES[letter]!)
  );
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
}
