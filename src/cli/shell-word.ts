/** A text as a word of a command line to be typed. */
export function shellWord(text: string): string {
  return /^[\w./:=,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
