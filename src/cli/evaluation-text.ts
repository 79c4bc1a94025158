import type { EvaluationDocument, Figure, SensitivityOfGroup } from '../score/index.ts';
import { counted } from '../words.ts';
import { textTable } from './table.ts';

/** What `bgb evaluate` prints: the figures with their intervals, then what has to be known to read them. */
export function evaluationText(document: EvaluationDocument): string {
  const { split, recordings, patients, recorded_hours, seizures, seizure_free_hours, prevalence } = document;
  const heading = [
    split === null ? 'recordings' : `recordings of ${split}`,
    recordings,
    null,
    `${counted(patients, 'patient')}, ${recorded_hours.toFixed(2)} h, ${counted(seizures, 'seizure')}`,
  ];
  const free = `${seizure_free_hours.toFixed(2)} h without seizures`;
  const share = prevalence === null ? '' : `, ${(100 * prevalence).toPrecision(3)} % of the samples seizure`;
  const groups = (of: string, all: readonly SensitivityOfGroup[]) =>
    all
      .filter((group) => group.seizures > 0)
      .map((group) => [
        `sensitivity, ${of} ${group.group}`,
        ...cells(group),
        `${group.detected} of ${counted(group.seizures, 'seizure')}`,
      ]);
  const table = textTable(
    [{ heading: 'figure' }, { heading: 'value', align: 'right' }, { heading: '95 %' }, { heading: '' }],
    [
      heading,
      ...Object.entries(document.figures).map(([name, figure]) => [
        name,
        ...cells(figure),
        figure.reason ?? '',
      ]),
      ...groups('type', document.sensitivity_by_type),
      ...groups('of', document.sensitivity_by_duration),
    ],
  );
  return `${document.title}\n\n${table}\n${[`${free}${share}.`, ...remarks(document)].join('\n')}\n`;
}

function cells({ value, interval }: Figure): [string | null, string] {
  const range = interval && `${interval.low.toFixed(4)}-${interval.high.toFixed(4)}`;
  return [value?.toFixed(4) ?? null, range ?? ''];
}

function remarks(document: EvaluationDocument): string[] {
  const { calibration, detection_delay: delay, references, missed_seizures, false_alarms } = document;
  const { raw, corrected, reason } = calibration;
  const future = document.preprocessing_uses_future;
  const long = document.longer_than_max_duration.length;
  return [
    `${counted(missed_seizures.length, 'seizure')} missed, ${counted(false_alarms.length, 'false alarm')}.`,
    delay.median_s === null
      ? null
      : `Detected ${delay.median_s.toFixed(1)} s after onset (median; quartiles ${delay.lower_quartile_s!.toFixed(1)} and ${delay.upper_quartile_s!.toFixed(1)} s), ${delay.before_onset} of ${delay.detected} before it.`,
    raw.brier === null
      ? null
      : `Calibration over samples: Brier ${raw.brier.toFixed(4)}, ECE ${raw.ece!.toFixed(4)}; ${
          corrected === null
            ? `not corrected: ${reason}`
            : `corrected for the share of seizure in training: Brier ${corrected.brier!.toFixed(4)}, ECE ${corrected.ece!.toFixed(4)}`
        }.`,
    `Thresholds ${document.tuned_on}.`,
    document.seen_in_training === 'dev' ? 'Training chose its checkpoint on this set.' : null,
    long > 0 ? `Longer than max_duration_s, and kept: ${counted(long, 'detection')}; look at them.` : null,
    future.length > 0 ? `Preprocessing looks at what was recorded later: ${future.join(', ')}.` : null,
    references.mismatched > 0
      ? `Forced, against another reference (${references.found.join(', ')}) than was trained on (${references.trained_on!.join(', ')}): ${counted(references.mismatched, 'recording')}.`
      : null,
  ].filter((line) => line !== null);
}
