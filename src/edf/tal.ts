import { InputError } from '../errors.ts';
import type { EdfTal } from './recording.ts';

const ONSET_END = 0x14;
const DURATION_MARK = '\x15';

/** What one annotation signal says in one data record. */
export interface RecordTals {
  /** Onset of the time-keeping entry, seconds from the header's start; null where it is missing. */
  readonly recordStartS: number | null;
  readonly annotations: readonly EdfTal[];
  /** Annotations whose text was read as Latin-1. */
  readonly notUtf8: number;
}

/**
 * Reads the time-stamped annotation lists of one annotation signal in one data record (EDF+ specification,
 * section 2.2.2): `onset [0x15 duration] 0x14 text 0x14 text ... 0x14 0x00`, the rest filled with zeros.
 *
 * @param isTimeKeeper whether this is the first annotation signal, whose first list carries the record's start
 * @param where names file and record, for messages
 * @throws InputError `EDF_TAL` for a list that does not end or has no onset: a seizure may be in it
 */
export function parseTals(bytes: Uint8Array, isTimeKeeper: boolean, where: string): RecordTals {
  let recordStartS: number | null = null;
  let notUtf8 = 0;
  const annotations: EdfTal[] = [];
  let at = 0;
  let isFirst = true;
  while (at < bytes.length) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    const end = bytes.indexOf(0, at);
    const stop = end < 0 ? bytes.length : end;
    const tal = bytes.subarray(at, stop);
    if (tal.at(-1) !== ONSET_END)
      throw new InputError(
        'EDF_TAL',
        `${where}: expected the annotation at byte ${at} of its signal to end with 0x14 0x00; it does not. Annotations may be lost; get the file again.`,
      );
    const { onsetS, durationS, texts, isUtf8 } = parseTal(tal, where, at);
    // Section 2.2.4: the time-keeping list is the first of its record and its first text is empty.
    if (isTimeKeeper && isFirst && texts[0] === '') recordStartS = onsetS;
    for (const text of texts) if (text !== '') annotations.push({ onsetS, durationS, text });
    if (!isUtf8) notUtf8++;
    isFirst = false;
    at = stop + 1;
  }
  return { recordStartS, annotations, notUtf8 };
}

function parseTal(tal: Uint8Array, where: string, at: number) {
  const stampEnd = tal.indexOf(ONSET_END);
  const stamp = latin1(tal.subarray(0, stampEnd));
  const [onset, duration, ...rest] = stamp.split(DURATION_MARK) as [string, ...string[]];
  const isStamp =
    /^[+-]\d+(\.\d*)?$/.test(onset) &&
    (duration === undefined || duration === '' || /^\d+(\.\d*)?$/.test(duration)) &&
    rest.length === 0 &&
    Number.isFinite(Number(onset)) &&
    Number.isFinite(Number(duration ?? 0));
  if (!isStamp)
    throw new InputError(
      'EDF_TAL',
      `${where}: expected an onset such as '+12.5', optionally with a duration, in the annotation at byte ${at} of its signal, found '${stamp.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)}'. Annotations may be lost; get the file again.`,
    );
  const { text, isUtf8 } = decodeText(tal.subarray(stampEnd + 1, -1));
  return {
    onsetS: Number(onset),
    durationS: duration === undefined || duration === '' ? null : Number(duration),
    texts: text.split('\x14'),
    isUtf8,
  };
}

/** Texts are UTF-8; old writers stored what their code page gave. */
function decodeText(bytes: Uint8Array): { text: string; isUtf8: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), isUtf8: true };
  } catch {
    return { text: latin1(bytes), isUtf8: false };
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
