import { BgbError } from '../errors.ts';
import type { Container, Place } from './place.ts';

/** Prints each file that is there: a line with its size and name, then its content. */
const PRINT = `for file in "$@"; do
  [ -f "$file" ] || continue
  size=$(wc -c < "$file") || continue
  printf '%s %s\\n' "$((size))" "$file"
  head -c "$((size))" "$file"
  printf '\\n'
done`;

/**
 * Reads small files in one call; a pattern such as `/results/a/*.json` stands for all files that match.
 *
 * @returns contents by path; a file that is not there is left out
 */
export async function readFiles(
  container: Container,
  patterns: readonly string[],
): Promise<Map<string, string>> {
  // The shell expands patterns; what it is given is quoted but for the star.
  const words = patterns.map((pattern) => pattern.split('*').map(quoted).join('*'));
  const { output } = await mustExecute(container, ['sh', '-c', `set -- ${words.join(' ')}\n${PRINT}`]);
  const contents = new Map<string, string>();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const [, size, path] = /^(\d+) (.*)$/.exec(output.toString('utf8', at, end)) ?? [];
    if (size === undefined) throw unreadable('a heading', output.toString('utf8', at, end));
    const from = end + 1;
    const text = output.subarray(from, from + Number(size));
    if (text.length !== Number(size)) throw unreadable(`${size} bytes of ${path}`, `${text.length} bytes`);
    contents.set(path!, text.toString('utf8'));
    at = from + Number(size) + 1;
  }
  return contents;
}

/** Reads files of the results: a place, or a container of it. */
export type Reader = Pick<Place, 'read'>;

/** What a container sees, as what a place does. */
export function readerIn(container: Container): Reader {
  return { read: (patterns) => readFiles(container, patterns) };
}

/** Writes a small file whole or not at all, and makes it last. */
export async function writeFile(
  container: Container,
  path: string,
  text: string,
  commit: readonly string[] | null,
): Promise<void> {
  const script = `mkdir -p "$(dirname "$0")" && cat > "$0.new" && mv "$0.new" "$0"`;
  await mustExecute(container, ['sh', '-c', script, path], Buffer.from(text));
  if (commit !== null) await mustExecute(container, commit);
}

/** @throws BgbError `PLACE_COMMAND` where the command fails */
export async function mustExecute(container: Container, command: readonly string[], input?: Uint8Array) {
  const executed = await container.execute(command, input);
  if (executed.code !== 0) refuseExecuted(command[0]!, executed.code, executed.errors);
  return executed;
}

/** @throws BgbError `PLACE_COMMAND`; `PLACE_FULL` where there was no space */
export function refuseExecuted(program: string, code: number, errors: string): never {
  const isFull = /No space left|quota exceeded/i.test(errors);
  throw new BgbError(
    isFull ? 'PLACE_FULL' : 'PLACE_COMMAND',
    isFull
      ? `The results' volume is full: ${errors.trim()}. Remove runs or caches that are not needed from it, then repeat the command.`
      : `${program} ended with exit code ${code} there: ${errors.trim() || 'it wrote nothing'}. Repeat the command; if it fails again, bgb modal shell shows the same folders.`,
  );
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function unreadable(expected: string, found: string): BgbError {
  return new BgbError(
    'PLACE_ANSWER',
    `The container's answer was cut: expected ${expected}, found '${found.slice(0, 80)}'. Repeat the command.`,
  );
}
