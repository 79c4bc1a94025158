import { buildCache, type Census, comparisonText, foldOf } from '../cache/index.ts';
import { inForce, loadConfigOrDefaults, readEnvironment, splitOf, usableCores } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { commandLine } from '../words.ts';
import type { BuildCacheOptions } from './build-cache.ts';
import { censusDocument } from './build-cache-document.ts';
import { otherCacheNotice } from './cache-place.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import { textTable } from './table.ts';

/** Builds a cache and prints its census: recordings in = cached + rejected + unlabelled + duplicates. */
export async function buildCacheCommand(options: BuildCacheOptions): Promise<void> {
  const environment = readEnvironment();
  const loaded = await loadConfigOrDefaults(options.config ?? null, { set: options.set, environment });
  const { config } = loaded;
  const { data, preprocessing, experiment } = config;
  const dataDir = options.dataDir ?? config.data.data_dir;
  if (dataDir === null)
    throw new InputError(
      'CLI_DATA_DIR',
      'Which recordings? Give --data-dir, or a --config with data.data_dir.',
    );
  const split = options.split === undefined ? null : splitOf(options.split);
  const fold = options.fold === undefined ? null : foldOf(options.fold);
  const dividing = [fold && '--fold', data.split_file && 'data.split_file'].filter((each) => each !== null);
  if (dividing.length > 0 && options.validationSplit !== undefined)
    throw new InputError(
      'CLI_SPLIT',
      `${dividing[0]} and --validation-split both say which patients go to dev. Give one of them.`,
    );
  // Alone, --split says what all recordings are; beside something that divides, it takes a part.
  const share = split === null ? data.validation_split : null;
  const validationSplit = shareOf(options.validationSplit) ?? share;
  announce(inForce(), environment, loaded);
  const elsewhere = otherCacheNotice(options.cacheDir, loaded);
  if (elsewhere !== null) process.stderr.write(`Notice: ${elsewhere}\n`);
  using command = new LongCommand('Building cache', 'recordings', environment);
  const censuses = await buildCache({
    dataDir,
    cacheDir: options.cacheDir,
    split,
    splitFile: data.split_file,
    fold,
    patientPattern: data.patient_pattern,
    validationSplit,
    seed: experiment.seed,
    settings: { ...preprocessing, sampling_rate: data.sampling_rate },
    labels: data.labels,
    exclude: data.exclude,
    limitFiles: environment.limitFiles,
    jobs: jobsOf(options.jobs),
    shard: shardOf(options.shard),
    signal: command.signal,
    say: (sentence) => command.print(sentence),
    onProgress: (done, total, { name, outcome }) => {
      if (outcome === 'rebuilt') command.print(`Rebuilt, since it or the settings have changed: ${name}`);
      if (outcome === 'moved') command.print(`Moved to where it belongs now: ${name}`);
      command.update(done, total, `${outcome} ${name}`);
    },
  });
  command.end();
  if (options.shard !== undefined) {
    process.stderr.write(`Shard ${options.shard} is built. Build without --shard once all are.\n`);
    return;
  }
  for (const census of censuses) listLosses(census);
  if (options.json) writeJson(censusDocument(censuses));
  else
    process.stdout.write(
      `${censusTable(censuses)}\n${exclusions(censuses)}${comparisons(censuses)}Next: ${scanCommand(options)}\n`,
    );
}

/** With the same configuration, since its window and stride decide what is listed. */
function scanCommand({ cacheDir, config, set }: BuildCacheOptions): string {
  return commandLine(
    ...['bgb', 'scan-cache', '--cache-dir', cacheDir],
    ...(config === undefined ? [] : ['--config', config]),
    ...set.flatMap((assignment) => ['--set', assignment]),
  );
}

function listLosses({ rejected, unlabelled, duplicates, notices }: Census): void {
  for (const { reason } of rejected) process.stderr.write(`Rejected: ${reason}\n`);
  for (const name of unlabelled)
    process.stderr.write(`Left out: ${name}: no annotation was found, and unlabelled is not seizure-free.\n`);
  for (const { name, of, isLabelledOtherwise } of duplicates)
    process.stderr.write(
      `Counted once: ${name} has the samples of ${of}${isLabelledOtherwise ? ', annotated otherwise: find out which annotation is right' : ''}.\n`,
    );
  for (const { name, notices: all } of notices)
    for (const notice of all) process.stderr.write(`Notice: ${name}: ${notice}\n`);
}

/** What of the annotations is in no seizure, one line a split that has any. */
function exclusions(censuses: readonly Census[]): string {
  return censuses
    .flatMap(({ split, excludedSecondsByLabel, eventsLost }) => {
      const parts = [
        ...Object.entries(excludedSecondsByLabel).map(
          ([label, seconds]) => `${seconds.toFixed(1)} s ${label} not trained on`,
        ),
        ...Object.entries(eventsLost).map(([problem, count]) => `${count} events ${problem}`),
      ];
      return parts.length > 0 ? [`${split}: ${parts.join(', ')}\n`] : [];
    })
    .join('');
}

/** Beside the published figures, a line each split of a corpus that is known. */
function comparisons(censuses: readonly Census[]): string {
  return censuses
    .flatMap(({ split, published }) =>
      published === null ? [] : [`${split}: ${comparisonText(published)}\n`],
    )
    .join('');
}

function censusTable(censuses: readonly Census[]): string {
  const labels = (byLabel: Census['seizureSecondsByLabel']) =>
    Object.entries(byLabel)
      .map(([label, seconds]) => `${label} ${seconds.toFixed(1)} s`)
      .join(', ');
  return textTable(
    [
      { heading: 'split' },
      ...[
        'recordings',
        'cached',
        'built now',
        'rejected',
        'unlabelled',
        'duplicates',
        'patients',
        'hours',
        'seizures',
      ].map((heading) => ({ heading, align: 'right' as const })),
      { heading: 'seizure time' },
    ],
    censuses.map(
      ({
        split,
        recordings,
        cached,
        built,
        rejected,
        unlabelled,
        duplicates,
        patients,
        hours,
        seizures,
        seizureSecondsByLabel,
      }) => [
        split,
        recordings,
        cached,
        built,
        rejected.length,
        unlabelled.length,
        duplicates.length,
        patients.length,
        hours.toFixed(3),
        seizures,
        labels(seizureSecondsByLabel),
      ],
    ),
  );
}

function jobsOf(text: string | undefined): number {
  if (text === undefined) return usableCores();
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new InputError('CLI_JOBS', `--jobs: expected a whole number of at least 1, found '${text}'.`);
  return jobs;
}

function shardOf(text: string | undefined): { index: number; of: number } | null {
  if (text === undefined) return null;
  const [, k = '', n = ''] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text) ?? [];
  if (k !== '' && Number(k) <= Number(n)) return { index: Number(k) - 1, of: Number(n) };
  throw new InputError('CLI_SHARD', `--shard: expected k/N with k from 1 to N, found '${text}'.`);
}

function shareOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share < 1))
    throw new InputError(
      'CLI_SHARE',
      `--validation-split: expected a share from 0 to below 1, found '${text}'.`,
    );
  return share;
}
