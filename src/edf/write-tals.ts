import type { EdfTal, Signal } from './recording.ts';

/** Annotations laid out over data records. */
export interface ScheduledTals {
  readonly bytesPerRecord: number;
  /** (records), each at most `bytesPerRecord` long; the rest of the signal is zeros */
  readonly records: readonly Uint8Array[];
  readonly signal: Pick<
    Signal,
    'label' | 'dimension' | 'physicalMin' | 'physicalMax' | 'digitalMin' | 'digitalMax' | 'samplesPerRecord'
  >;
}

/**
 * Lays annotations out over the data records of an EDF+C file: each record opens with its time-keeping list, and
 * carries the annotations that begin in it (EDF+ specification, sections 2.2.2 and 2.2.4).
 *
 * @param firstOnsetS fraction of a second by which the first record starts after the header's start
 */
export function scheduleTals(
  annotations: readonly EdfTal[],
  records: number,
  recordDurationS: number,
  firstOnsetS: number,
  fail: (message: string) => never,
): ScheduledTals {
  const texts = Array.from(
    { length: records },
    (_, record) => `${onset(firstOnsetS + record * recordDurationS, fail)}\x14\x14\0`,
  );
  for (const { onsetS, durationS, text } of annotations) {
    const hasControl = [...text].some((character) => character < ' ' && !'\t\n\r'.includes(character));
    if (text === '' || hasControl)
      fail(`the annotation text ${JSON.stringify(text)} is empty or holds control characters`);
    if (durationS !== null && !(durationS >= 0))
      fail(`the annotation '${text}' has a duration of ${durationS} s`);
    const duration = durationS === null ? '' : `\x15${fixed(durationS, fail)}`;
    const record = Math.min(records - 1, Math.max(0, Math.floor(onsetS / recordDurationS)));
    texts[record] += `${onset(firstOnsetS + onsetS, fail)}${duration}\x14${text}\x14\0`;
  }
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const longest = encoded.reduce((most, { length }) => Math.max(most, length), 0);
  // Even, and of one size in all records, as the signal's samples are of 2 bytes.
  const samplesPerRecord = Math.max(8, Math.ceil(longest / 2));
  return {
    bytesPerRecord: 2 * samplesPerRecord,
    records: encoded,
    signal: {
      label: 'EDF Annotations',
      dimension: '',
      physicalMin: -1,
      physicalMax: 1,
      digitalMin: -32768,
      digitalMax: 32767,
      samplesPerRecord,
    },
  };
}

function onset(seconds: number, fail: (message: string) => never): string {
  return `${seconds < 0 ? '-' : '+'}${fixed(Math.abs(seconds), fail)}`;
}

/** Decimal, to the microsecond, never with an exponent: the specification allows none. */
function fixed(seconds: number, fail: (message: string) => never): string {
  if (!Number.isFinite(seconds) || seconds >= 1e15) fail(`${seconds} s is no time`);
  return seconds.toFixed(6).replace(/\.?0+$/, '');
}
