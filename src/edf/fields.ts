import { InputError } from '../errors.ts';

/** Reads the fixed-width ASCII fields of a header. */
export interface FieldReader {
  text(at: number, width: number): string;
  /** @throws InputError `EDF_HEADER` where there is no number */
  number(at: number, width: number, what: string): number;
  numberOrNaN(at: number, width: number, what: string): number;
}

/** @param warn told of numbers that were repaired */
export function fieldReader(
  bytes: Uint8Array,
  path: string,
  warn: (code: string, message: string) => void,
): FieldReader {
  const numberOrNaN = (at: number, width: number, what: string): number => {
    const text = ascii(bytes, at, width);
    const value = decimal(text.replace(',', '.'));
    if (value !== null && text.includes(','))
      warn('EDF_DECIMAL_COMMA', `${what} is written '${text}', read as ${value}`);
    return value ?? Number.NaN;
  };
  return {
    text: (at, width) => ascii(bytes, at, width),
    numberOrNaN,
    number(at, width, what) {
      const value = numberOrNaN(at, width, what);
      if (Number.isNaN(value))
        throw new InputError(
          'EDF_HEADER',
          `${path}: expected ${what} at byte ${at}, found '${printable(ascii(bytes, at, width))}'. The header is damaged; get the file again.`,
        );
      return value;
    },
  };
}

/** A field without its padding, which is of spaces or, in some files, NULs. */
export function ascii(bytes: Uint8Array, start: number, length: number): string {
  const end = Math.min(start + length, bytes.length);
  return decoded(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)))
    .replace(/[\0 ]+$/, '')
    .replace(/^ +/, '')
    .replaceAll('\0', ' ');
}

/** Bytes beyond ASCII are some writers' UTF-8 (`µV`), others' Latin-1, which is hardly ever UTF-8 by chance. */
function decoded(field: Buffer): string {
  if (field.every((byte) => byte < 128)) return field.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(field);
  } catch {
    return field.toString('latin1');
  }
}

/** A decimal number and nothing else: `Number` would also take '', '0x10' and 'Infinity'. */
export function decimal(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Text of a header, fit for a message on a terminal. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
