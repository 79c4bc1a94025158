import { inForce, readEnvironment, usableCores } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  makeCorpus,
  PROFILES,
  type ProfileName,
  type SynthReport,
  type SynthTotals,
} from '../synth/index.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import type { SynthCommandOptions } from './synth.ts';
import { textTable } from './table.ts';

/** Makes a corpus and prints what is in it. */
export async function synthCommand(options: SynthCommandOptions): Promise<void> {
  const profile = profileOf(options.profile);
  const patients = numberOf('--patients', options.patients, { least: 1, most: 100_000, isWhole: true });
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
    outDir: options.out,
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
      `${totalsTable(report)}\nNext: bgb build-cache --data-dir ${options.out} --cache-dir CACHE\n`,
    );
}

function totalsTable({ splits, total }: SynthReport): string {
  const row = (
    name: string,
    { patients, recordings, hours, seizures, seizureHours, negatives, twins }: SynthTotals,
  ) => [
    name,
    patients,
    recordings,
    hours.toFixed(2),
    seizures,
    `${((100 * seizureHours) / hours).toFixed(2)} %`,
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
