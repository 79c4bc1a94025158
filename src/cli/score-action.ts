import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { DEFAULT_SCORING, type ScoreReport, scoreFiles } from '../score/index.ts';
import { counted } from '../words.ts';
import { writeJson } from './output.ts';
import type { ScoreOptions } from './score.ts';
import { textTable } from './table.ts';

/** More are counted, not listed. */
const MOST_LINES = 10;

/** Scores annotation files and prints or writes the report. */
export async function score(options: ScoreOptions): Promise<void> {
  const { eventSettings, ...defaults } = DEFAULT_SCORING;
  const number = (text: string | undefined, flag: string, otherwise: number, least: number, most = 1e6) => {
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InputError(
      'SCORE_OPTION',
      `--${flag}: expected a number from ${least} to ${most}, found '${text}'.`,
    );
  };
  const report = await scoreFiles({
    reference: options.reference,
    hypothesis: options.hypothesis,
    sampleRate: number(options.sampleRate, 'sample-rate', defaults.sampleRate, 0.001),
    durationTolerance: number(options.durationTolerance, 'duration-tolerance', defaults.durationTolerance, 0),
    eventSettings: {
      toleranceStart: number(options.toleranceStart, 'tolerance-start', eventSettings.toleranceStart, 0),
      toleranceEnd: number(options.toleranceEnd, 'tolerance-end', eventSettings.toleranceEnd, 0),
      minOverlap: number(options.minOverlap, 'min-overlap', eventSettings.minOverlap, 0, 1),
      maxEventDuration: number(
        options.maxEventDuration,
        'max-event-duration',
        eventSettings.maxEventDuration,
        1,
        1e9,
      ),
      minDurationBetweenEvents: number(
        options.minDurationBetweenEvents,
        'min-duration-between-events',
        eventSettings.minDurationBetweenEvents,
        0,
      ),
    },
  });
  tell(report);
  const path = options.output === undefined ? null : join(options.output, 'scores.json');
  if (path !== null) await writeAtomic(path, `${JSON.stringify(report, null, 2)}\n`);
  if (options.json) writeJson(report);
  else process.stdout.write(text(report));
  if (path !== null) process.stderr.write(`Wrote ${path}.\n`);
}

/** What was not as it should be, on standard error. */
function tell({ recordings, unpaired, notices }: ScoreReport): void {
  const empty = recordings.filter(({ hypothesis }) => hypothesis !== 'scored');
  const lists: [string, string[]][] = [
    [
      'Counted as without any detection',
      empty.map(({ recording, hypothesis, reason }) => `${recording}: ${hypothesis}, ${reason}`),
    ],
    ['Hypotheses of no reference, not scored', [...unpaired]],
    ['Notices', [...notices]],
  ];
  for (const [heading, lines] of lists) {
    if (lines.length === 0) continue;
    process.stderr.write(`${heading} (${lines.length}):\n`);
    for (const line of lines.slice(0, MOST_LINES)) process.stderr.write(`  ${line}\n`);
    if (lines.length > MOST_LINES) process.stderr.write(`  and ${lines.length - MOST_LINES} more\n`);
  }
}

const right = (heading: string) => ({ heading, align: 'right' as const });
const share = (value: number | null) => value?.toFixed(4) ?? null;
const rate = (value: number | null) => value?.toFixed(2) ?? null;
const count = (value: number) => String(Number(value.toFixed(4)));

function text({ durations, szcore, nedc }: ScoreReport): string {
  const { recordings, subjects, recorded_hours, reference_seizures, hypothesis_seizures } = durations;
  const head = `${counted(recordings, 'recording')} of ${counted(subjects, 'subject')}, ${recorded_hours.toFixed(2)} h, ${counted(reference_seizures, 'reference seizure')}, ${hypothesis_seizures} detected\n`;
  const { sample, event } = szcore;
  const { sample_results, event_results } = szcore.subjects.per_subject_mean;
  const figures = [
    right('sensitivity'),
    right('precision'),
    right('F1'),
    right('F1 before 0.0.7'),
    right('FP per 24 h'),
  ];
  const totals = textTable(
    [{ heading: 'all recordings' }, right('reference'), right('TP'), right('FP'), ...figures],
    [['events', event] as const, ['samples', sample] as const].map(([name, scores]) => [
      name,
      scores.refTrue,
      scores.tp,
      scores.fp,
      share(scores.sensitivity),
      share(scores.precision),
      share(scores.f1),
      share(scores.f1_before_v0_0_7),
      rate(scores.fpRate),
    ]),
  );
  const spread = (mean: number | null, deviation: number | null, format: typeof share) =>
    mean === null ? null : `${format(mean)} (${format(deviation)})`;
  const averaged = textTable(
    [{ heading: 'mean (deviation) over subjects' }, ...figures],
    [['events', event_results] as const, ['samples', sample_results] as const].map(([name, mean]) => [
      name,
      spread(mean.sensitivity, mean.sensitivity_std, share),
      spread(mean.precision, mean.precision_std, share),
      spread(mean.f1, mean.f1_std, share),
      spread(mean.f1_before_v0_0_7, mean.f1_before_v0_0_7_std, share),
      spread(mean.fpRate, mean.fpRate_std, rate),
    ]),
  );
  const algorithms = textTable(
    [
      { heading: 'algorithm' },
      { heading: 'label' },
      ...['targets', 'hits', 'misses', 'false alarms', 'sensitivity', 'precision', 'F1', 'FP per 24 h'].map(
        right,
      ),
    ],
    (['overlap', 'taes', 'epoch', 'dpalign'] as const).flatMap((algorithm) => {
      const { per_label, summary } = nedc[algorithm];
      return (
        [
          ['seiz', per_label.seiz],
          ['bckg', per_label.bckg],
          ['both', summary],
        ] as const
      ).map(([label, scores]) => [
        algorithm.toUpperCase(),
        label,
        count(scores.tgt),
        count(scores.hit),
        count(scores.mis),
        count(scores.fal),
        share(scores.tpr),
        share(scores.ppv),
        share(scores.f1s),
        rate(scores.flr),
      ]);
    }),
  );
  const { kappa, multi_class_kappa } = nedc.ira;
  const ira = `IRA (Cohen's kappa): seiz ${share(kappa.seiz) ?? '-'}, bckg ${share(kappa.bckg) ?? '-'}, both ${share(multi_class_kappa) ?? '-'}\n`;
  return `${head}\nSzCORE, as ${szcore.scorer}\n\n${totals}\nSzCORE, as its board (${szcore.subjects.scorer}: labels at 1 Hz)\n\n${averaged}\nNEDC, as ${nedc.scorer}\n\n${algorithms}\n${ira}`;
}
