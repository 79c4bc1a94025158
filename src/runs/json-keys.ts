/**
 * The first object key that occurs twice in one object of a JSON text, or null. `JSON.parse` keeps the last
 * of two equal keys in silence, so a file that states a tensor twice would read as if it stated it once.
 *
 * @param text JSON that `JSON.parse` accepts; for other text the answer means nothing.
 */
export function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let keyComesNext = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      at = endOfString(text, start);
      const keys = open.at(-1);
      if (keyComesNext && keys) {
        const key = JSON.parse(text.slice(start, at + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      keyComesNext = false;
    } else if (character === '{') {
      open.push(new Set());
      keyComesNext = true;
    } else if (character === '[') {
      open.push(null);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ',') {
      keyComesNext = open.at(-1) instanceof Set;
    }
  }
  return null;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
