import { type EdfRecording, openEdf, type Signal, writeNpyFolder } from '../edf/index.ts';
import type { EdfOptions } from './edf.ts';
import { writeJson } from './output.ts';
import { textTable } from './table.ts';

/** More are counted, not listed. */
const MOST_LINES = 20;
const MOST_SIGNALS = 256;
const MOST_CHARACTERS = 100;

/** Prints what a recording holds, and writes its signals as .npy if asked. */
export async function edfCommand(path: string, options: EdfOptions): Promise<void> {
  const recording = await openEdf(path);
  const npy = options.npy === undefined ? null : await writeNpyFolder(recording, options.npy);
  if (options.json)
    writeJson({ ...recordingDocument(recording), npy: npy && { folder: options.npy, ...npy } });
  else process.stdout.write(recordingText(recording));
  if (npy === null) return;
  for (const { label, reason } of npy.left_out)
    process.stderr.write(`${shown(label)} is not written: ${reason}.\n`);
  process.stderr.write(
    `Wrote ${counted(npy.signals.length, 'signal')} to ${options.npy}; see index.json there.\n`,
  );
}

/** What `--json` prints; times in seconds from the first data record, a range that is no number as null; starts of records only where the clock drifts. */
function recordingDocument(recording: EdfRecording) {
  return {
    path: recording.path,
    format: recording.kind,
    patient: recording.patient,
    recording: recording.recording,
    start: recording.startedAt,
    duration_s: recording.durationS,
    recorded_s: recordedS(recording),
    records: recording.records,
    record_duration_s: recording.recordDurationS,
    segments: recording.segments.map(({ startS, durationS, firstRecord, records, recordStartsS }) => ({
      start_s: startS,
      duration_s: durationS,
      first_record: firstRecord,
      records,
      record_starts_s: recordStartsS ?? null,
    })),
    signals: recording.signals.map((signal, index) => ({
      index,
      label: signal.label,
      sampling_rate: signal.sampleRate,
      samples_per_record: signal.samplesPerRecord,
      samples: signal.samplesPerRecord * recording.records,
      dimension: signal.dimension,
      physical_min: signal.physicalMin,
      physical_max: signal.physicalMax,
      digital_min: signal.digitalMin,
      digital_max: signal.digitalMax,
      transducer: signal.transducer,
      prefiltering: signal.prefiltering,
    })),
    annotations: recording.annotations.map(({ onsetS, durationS, text }) => ({
      onset_s: onsetS,
      duration_s: durationS,
      text,
    })),
    warnings: recording.warnings,
  };
}

function recordingText(recording: EdfRecording): string {
  return [
    headText(recording),
    recording.segments.length > 1 ? segmentsText(recording) : '',
    signalsText(recording.signals),
    annotationsText(recording),
    recording.warnings.map(({ code, message }) => `${code}: ${plain(message)}.\n`).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function headText(recording: EdfRecording): string {
  const { segments, records, recordDurationS, durationS, startedAt } = recording;
  const held = `${counted(records, 'data record')} of ${seconds(recordDurationS)} s`;
  const holes =
    segments.length === 1
      ? ''
      : `; ${seconds(recordedS(recording))} s of it recorded, in ${segments.length} segments`;
  const lines: [string, string][] = [
    ['format', recording.kind],
    ['patient', recording.patient],
    ['recording', recording.recording],
    ['start', startedAt === null ? 'unknown' : startedAt.replace('T', ' ')],
    ['duration', `${clock(durationS)} (${seconds(durationS)} s, ${held}${holes})`],
  ];
  const rows = lines.filter(([, value]) => value !== '');
  return `${recording.path}\n${rows.map(([name, value]) => `  ${name.padEnd(9)}  ${shown(value)}\n`).join('')}`;
}

function segmentsText({ segments }: EdfRecording): string {
  const rows = segments.slice(0, MOST_LINES).map(({ startS, durationS }, index) => {
    const before = segments[index - 1];
    const hole = before === undefined ? null : seconds(startS - before.startS - before.durationS);
    return [index, seconds(startS), seconds(durationS), hole];
  });
  const table = textTable(['segment', 'start s', 'duration s', 'hole before s'].map(right), rows);
  return table + moreText(segments.length, 'segment');
}

function signalsText(signals: readonly Signal[]): string {
  if (signals.length === 0) return 'no signals\n';
  // Most recordings state one transducer and one prefilter for all; it is said once, below.
  const details = (['transducer', 'prefiltering'] as const).map((name) => ({
    name,
    values: new Set(signals.map((signal) => signal[name])),
  }));
  const inTable = details.filter(({ values }) => values.size > 1);
  const common = details.filter(({ values: [value, ...others] }) => value !== '' && others.length === 0);
  const table = textTable(
    [
      right('signal'),
      { heading: 'label' },
      right('Hz'),
      right('physical range'),
      { heading: 'unit' },
      right('digital range'),
      ...inTable.map(({ name }) => ({ heading: name })),
    ],
    signals
      .slice(0, MOST_SIGNALS)
      .map((signal, index) => [
        index,
        shown(signal.label),
        seconds(signal.sampleRate),
        `${number(signal.physicalMin)} to ${number(signal.physicalMax)}`,
        shown(signal.dimension) || null,
        `${number(signal.digitalMin)} to ${number(signal.digitalMax)}`,
        ...inTable.map(({ name }) => shown(signal[name]) || null),
      ]),
  );
  return `${table}${moreText(signals.length, 'signal', MOST_SIGNALS)}${common.map(({ name, values: [value] }) => `${name} of all: ${shown(value!)}\n`).join('')}`;
}

function annotationsText({ annotations }: EdfRecording): string {
  if (annotations.length === 0) return '';
  const table = textTable(
    [right('onset s'), right('duration s'), { heading: 'annotation' }],
    annotations
      .slice(0, MOST_LINES)
      .map(({ onsetS, durationS, text }) => [
        seconds(onsetS),
        durationS === null ? null : seconds(durationS),
        shown(text),
      ]),
  );
  return table + moreText(annotations.length, 'annotation');
}

function moreText(count: number, what: string, most = MOST_LINES): string {
  return count > most ? `and ${count - most} more of ${counted(count, what)}; --json lists all\n` : '';
}

function recordedS({ segments }: EdfRecording): number {
  return segments.reduce((sum, { durationS }) => sum + durationS, 0);
}

const right = (heading: string) => ({ heading, align: 'right' as const });

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** To the microsecond, without zeros that say nothing. */
function seconds(value: number): string {
  return String(Number(value.toFixed(6)));
}

function number(value: number): string {
  return Number.isNaN(value) ? '?' : String(value);
}

/** h:mm:ss */
function clock(durationS: number): string {
  const whole = Math.round(durationS);
  const two = (part: number) => String(part % 60).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60))}:${two(whole)}`;
}

function shown(text: string): string {
  const characters = [...plain(text)];
  return characters.length > MOST_CHARACTERS
    ? `${characters.slice(0, MOST_CHARACTERS).join('')}...`
    : characters.join('');
}

/** What a file says may hold control characters, which a terminal would obey. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, '?');
}
