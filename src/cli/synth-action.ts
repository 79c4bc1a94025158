import { inForce, readEnvironment, usableCores } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  type GateReport,
  LARGEST_AUROC,
  LARGEST_SENSITIVITY,
  makeCorpus,
  measureGate,
  PROFILES,
  type ProfileName,
  SMALLEST_EVOLUTION_AUROC,
  type SynthReport,
  type SynthTotals,
} from '../synth/index.ts';
import { commandLine, counted } from '../words.ts';
import { SaidAlready } from './exit.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import type { SynthCommandOptions } from './synth.ts';
import { textTable } from './table.ts';

/** Makes a corpus and prints what is in it; or measures one. */
export async function synthCommand(options: SynthCommandOptions): Promise<void> {
  const { out, gate } = options;
  if (gate !== undefined && out === undefined) return gateCommand(gate, options);
  if (out === undefined || gate !== undefined)
    throw new InputError(
      'CLI_SYNTH',
      'Give either --out, the folder for a new corpus, or --gate, that of one to measure.',
    );
  const profile = profileOf(options.profile);
  const patients = numberOf('--patients', options.patients, { least: 1, most: 10_000, isWhole: true });
  const hours = numberOf('--hours', options.hours, { least: 0.01, most: 1e6, isWhole: false });
  const seed = numberOf('--seed', options.seed, { least: 0, most: 2 ** 32 - 1, isWhole: true });
  const jobs =
    options.jobs === undefined
      ? usableCores()
      : numberOf('--jobs', options.jobs, { least: 1, most: 1024, isWhole: true });
  const environment = readEnvironment();
  announce(inForce(), environment);
  using command = new LongCommand('Making recordings', 'recordings', environment);
  const report = await makeCorpus({
    outDir: out,
    profile,
    patients,
    hours,
    seed,
    jobs,
    signal: command.signal,
    onProgress: (done, total, { path, isKept }) =>
      command.update(done, total, `${isKept ? 'kept' : 'made'} ${path}`),
  });
  command.end();
  if (options.json) writeJson(report);
  else
    process.stdout.write(
      `${totalsTable(report)}\nNext: ${commandLine('bgb', 'build-cache', '--data-dir', out, '--cache-dir', 'CACHE')}\n`,
    );
}

async function gateCommand(dir: string, { json }: SynthCommandOptions): Promise<void> {
  const environment = readEnvironment();
  announce(inForce(), environment);
  using command = new LongCommand('Measuring recordings', 'recordings', environment);
  const report = await measureGate(dir, {
    signal: command.signal,
    onProgress: (done, total, name) => command.update(done, total, name),
  });
  command.end();
  if (json) writeJson(gateDocument(report));
  else process.stdout.write(gateTable(report));
  if (report.problems.length === 0) return;
  process.stderr.write(`bgb: ${dir} does not pass the gate: ${report.problems.join('; ')}.\n`);
  throw new SaidAlready(1);
}

/** As all documents of bgb, with its keys in snake_case. */
export function gateDocument({
  aurocOverWindows,
  regression,
  evolutionAgainstTwins,
  evolutionAgainstNegatives,
  problems,
  ...counts
}: GateReport) {
  return {
    ...counts,
    auroc_over_windows: aurocOverWindows,
    regression: { sensitivity: regression.sensitivity, auroc_over_windows: regression.aurocOverWindows },
    evolution_against_twins: evolutionAgainstTwins,
    evolution_against_negatives: evolutionAgainstNegatives,
    problems,
  };
}

function gateTable(report: GateReport): string {
  const { recordings, patients, hours, seizures, aurocOverWindows, regression } = report;
  const number = ({ value }: { value: number | null }) => value?.toFixed(3) ?? null;
  const { sensitivity } = regression;
  const rows = [
    ...Object.entries(aurocOverWindows).map(([name, auroc]) => [
      `${name}: AUROC over windows`,
      number(auroc),
      `at most ${LARGEST_AUROC}`,
    ]),
    [
      'regression on 30 features: sensitivity at 1 false alarm an hour',
      number(sensitivity),
      `at most ${LARGEST_SENSITIVITY}`,
    ],
    ['the same: AUROC over windows', number(regression.aurocOverWindows), null],
    [
      'evolution: AUROC of seizures against twins',
      number(report.evolutionAgainstTwins),
      `at least ${SMALLEST_EVOLUTION_AUROC}`,
    ],
    ['evolution: against all negatives', number(report.evolutionAgainstNegatives), null],
  ];
  const table = textTable(
    [{ heading: 'measure' }, { heading: 'found', align: 'right' }, { heading: 'gate' }],
    rows,
  );
  return `${counted(recordings, 'recording')} of ${counted(patients, 'patient')}, ${hours.toFixed(1)} h, ${counted(seizures, 'seizure')}\n\n${table}\n`;
}

function totalsTable({ splits, total }: SynthReport): string {
  const row = (
    name: string,
    { patients, recordings, hours, seizures, seizure_hours, negatives, twins }: SynthTotals,
  ) => [
    name,
    patients,
    recordings,
    hours.toFixed(2),
    seizures,
    `${((100 * seizure_hours) / hours).toFixed(2)} %`,
    negatives,
    twins,
  ];
  return textTable(
    [
      { heading: 'split' },
      ...['patients', 'recordings', 'hours', 'seizures', 'of the time', 'negatives', 'of them twins'].map(
        (heading) => ({
          heading,
          align: 'right' as const,
        }),
      ),
    ],
    [...Object.entries(splits).map(([name, totals]) => row(name, totals)), row('all', total)],
  );
}

function profileOf(text: string): ProfileName {
  if (Object.hasOwn(PROFILES, text)) return text as ProfileName;
  throw new InputError(
    'CLI_PROFILE',
    `--profile: expected one of ${Object.keys(PROFILES).join(', ')}, found '${text}'.`,
  );
}

function numberOf(
  option: string,
  text: string,
  { least, most, isWhole }: { least: number; most: number; isWhole: boolean },
): number {
  const value = Number(text);
  const isPlain = /^\d+(\.\d+)?$/.test(text.trim());
  if (isPlain && value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new InputError(
    'CLI_NUMBER',
    `${option}: expected a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, found '${text}'.`,
  );
}
