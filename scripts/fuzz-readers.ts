/**
 * Reads mutated copies of files, over and over: `node scripts/fuzz-readers.ts COUNT FILE_OR_FOLDER...`
 *
 * Each round takes a file (EDF, BDF, `.csv`, `.csv_bi`, `events.tsv`, `*-summary.txt`, `Seizures-list-*.txt`), damages it,
 * and reads it as `bgb build-cache` would, with a recording beside it. Anything but a result or an InputError ends the
 * program with the damaged file kept; so does a round of more than 5 s. Prints the slowest round and the memory.
 */
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findAnnotation, labelRules, placeSeizures } from '../src/annotations/index.ts';
import { openEdf, readDigital, writeEdf } from '../src/edf/index.ts';
import { InputError } from '../src/errors.ts';
import { hash32 } from '../src/random/index.ts';

const SLOWEST_MS = 5000;
const LARGEST_FILE = 200_000;
const ANNOTATION = /\.csv(_bi)?$|events\.tsv$|-summary\.txt$|^Seizures-list.*\.txt$/;
const [countText, ...places] = process.argv.slice(2);
const count = Number(countText);
if (!(count > 0) || places.length === 0) {
  console.error('usage: node scripts/fuzz-readers.ts COUNT FILE_OR_FOLDER...');
  process.exit(2);
}

const sources = places
  .flatMap((place) => (statSync(place).isDirectory() ? globSync(join(place, '**/*')) : [place]))
  .filter((path) => /\.(edf|bdf)$/i.test(path) || ANNOTATION.test(basename(path)))
  .filter((path) => statSync(path).size <= LARGEST_FILE)
  .sort();
const folder = mkdtempSync(join(tmpdir(), 'bgb-fuzz-'));
const PIECES = [
  '',
  '\0',
  '\n',
  '\t',
  ',',
  '-',
  '+',
  '1e308',
  '1e-320',
  'NaN',
  '-1',
  '9'.repeat(40),
  'seiz',
  '\xff',
];
PIECES.push(
  'EDF+D',
  'EDF Annotations ',
  '\x14',
  '\x15',
  '24:00:00',
  'Seizure n 2\n',
  '# duration = 5',
  '\u{1f9e0}',
);

/** A recording for annotation files to be beside: one signal, 100 s. */
const plain = join(folder, 'plain.edf');
await writeEdf(plain, {
  patient: 'X X X X',
  recording: 'Startdate X X X X',
  startedAt: '2010-01-01T23:50:00',
  recordDurationS: 1,
  signals: [
    {
      label: 'EEG FP1-REF',
      dimension: 'uV',
      physicalMin: -100,
      physicalMax: 100,
      digitalMin: -32768,
      digitalMax: 32767,
      samplesPerRecord: 4,
      digital: new Int16Array(400),
    },
  ],
});

let slowest = { ms: 0, name: '' };
let refused = 0;
const memory = () => Math.round(process.memoryUsage().rss / 2 ** 20);
let early = 0;
for (let round = 0; round < count; round++) {
  const draw = (...counters: number[]) => hash32(7, round, ...counters);
  const source = sources[draw(0) % sources.length]!;
  const bytes = damaged(readFileSync(source), draw);
  rmSync(join(folder, 'now'), { recursive: true, force: true });
  mkdirSync(join(folder, 'now'));
  const recording = place(source, bytes);
  const start = performance.now();
  try {
    await readAll(recording);
  } catch (error) {
    if (!(error instanceof InputError)) {
      console.error(`round ${round}, ${source}, kept in ${folder}/now:`, error);
      process.exit(1);
    }
    refused++;
  }
  const ms = performance.now() - start;
  if (ms > slowest.ms) slowest = { ms, name: source };
  if (ms > SLOWEST_MS) {
    console.error(`round ${round}, ${source}: ${ms.toFixed(0)} ms, kept in ${folder}/now`);
    process.exit(1);
  }
  if (round === Math.floor(count / 10)) early = memory();
}
rmSync(folder, { recursive: true });
console.log(
  `${count} mutations of ${sources.length} files: ${refused} refused, the rest read; slowest ${slowest.ms.toFixed(0)} ms (${basename(slowest.name)}); memory ${early} MB after a tenth, ${memory()} MB at the end`,
);

/** Writes the damaged bytes where the readers look for them; returns the recording. */
function place(source: string, bytes: Buffer): string {
  const name = basename(source);
  const at = (file: string) => join(folder, 'now', file);
  if (!ANNOTATION.test(name)) {
    writeFileSync(at(name), bytes);
    return at(name);
  }
  const stem = name.replace(ANNOTATION, '').replace(/_$/, '');
  const named = /File [Nn]ame: *(\S+\.edf)/.exec(bytes.toString('latin1'))?.[1];
  const beside = named ?? `${stem || 'plain'}${/events\.tsv$/.test(name) ? '_eeg' : ''}.edf`;
  const recording = at(basename(beside.replaceAll('\0', '')).slice(-100));
  writeFileSync(at(name), bytes);
  copyFileSync(plain, recording);
  return recording;
}

async function readAll(path: string): Promise<void> {
  const recording = await openEdf(path);
  const indices = recording.signals.map((_, index) => index);
  for (const segment of recording.segments) await readDigital(recording, indices, segment);
  const annotation = await findAnnotation(recording, labelRules());
  if (annotation !== null) placeSeizures(annotation, recording.segments, 1 / 256);
}

function damaged(original: Buffer, draw: (...counters: number[]) => number): Buffer {
  let bytes: Buffer = Buffer.from(original);
  const edits = 1 + (draw(1) % 6);
  for (let edit = 0; edit < edits; edit++) {
    const kind = draw(2, edit) % 4;
    // Most of what a reader decides on stands at the front.
    const range = draw(3, edit) % 2 === 0 ? Math.min(bytes.length, 3000) : bytes.length;
    const at = draw(4, edit) % (range + 1);
    const piece = Buffer.from(PIECES[draw(5, edit) % PIECES.length]!, 'utf8');
    if (kind === 0 && at < bytes.length) bytes[at] = draw(6, edit) & 255;
    else if (kind === 1) piece.copy(bytes, at);
    else if (kind === 2)
      bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + (draw(7, edit) % 40))]);
    else bytes = Buffer.from(bytes.subarray(0, draw(8, edit) % (bytes.length + 1)));
  }
  return bytes;
}
