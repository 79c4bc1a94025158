import type { EvaluationDocument, Figure } from '../score/index.ts';
import { counted } from '../words.ts';
import { element, group, type Markup } from './markup.ts';
import { htmlTable } from './table.ts';

/** Figures in words; one that is not here is shown by its name. */
const NAMES: Readonly<Record<string, string>> = {
  auroc_over_samples: 'AUROC, samples of all recordings',
  average_precision_over_samples: 'Average precision, samples of all recordings',
  auroc_mean_over_recordings: 'AUROC, mean over recordings',
  average_precision_mean_over_recordings: 'Average precision, mean over recordings',
  sensitivity_over_samples: 'Sensitivity, samples at tau_on',
  specificity_over_samples: 'Specificity, samples at tau_on',
  event_sensitivity_any_overlap: 'Event sensitivity, any overlap',
  false_alarms_per_24h_recorded: 'False alarms per 24 h recorded',
  share_of_recorded_time_detected: 'Share of the recorded time in detections',
};

/** Rows of lists that are given in full up to so many. */
const MOST_LISTED = 50;

const number = (heading: string) => ({ heading, isNumber: true });

export function summaryTable({ figures }: EvaluationDocument): Markup {
  return htmlTable(
    [{ heading: 'Figure' }, number('Value'), number('95 % interval'), { heading: '' }],
    Object.entries(figures)
      .filter(([name]) => !name.startsWith('sensitivity_at_'))
      .map(([name, figure]) => [NAMES[name] ?? name, ...cellsOf(figure)]),
  );
}

export function ratesTable({ sensitivity_at_fa }: EvaluationDocument): Markup {
  return htmlTable(
    [
      number('False alarms per 24 h'),
      number('Sensitivity'),
      number('95 % interval'),
      number('tau_on'),
      { heading: '' },
    ],
    sensitivity_at_fa.map((figure) => {
      const [value, interval, remark] = cellsOf(figure);
      return [String(figure.fa_per_24h), value, interval, figure.threshold?.toFixed(2) ?? null, remark];
    }),
  );
}

export function patientTable({ per_patient }: EvaluationDocument): Markup {
  return htmlTable(
    [
      { heading: 'Patient' },
      number('Recordings'),
      number('Hours'),
      number('Seizures'),
      number('Detected'),
      number('Sensitivity'),
      number('False alarms'),
      number('per 24 h'),
    ],
    per_patient.map((row) => [
      row.patient,
      String(row.recordings),
      row.recorded_hours.toFixed(2),
      String(row.seizures),
      String(row.detected),
      row.sensitivity?.toFixed(3) ?? null,
      String(row.false_alarms),
      row.false_alarms_per_24h?.toFixed(1) ?? null,
    ]),
  );
}

/** The two tools that people compare with. */
export function scorerTable({ szcore, nedc }: EvaluationDocument): Markup {
  const three = (value: number | null) => value?.toFixed(3) ?? null;
  const ofSzcore = (name: string, { sensitivity, precision, f1, fpRate }: typeof szcore.event) => [
    `${szcore.scorer}, ${name}`,
    ...[sensitivity, precision, f1].map(three),
    fpRate?.toFixed(1) ?? null,
  ];
  const ofNedc = (name: string, { per_label: { seiz } }: typeof nedc.taes) => [
    `${nedc.scorer}, ${name} (seiz)`,
    ...[seiz.tpr, seiz.ppv, seiz.f1s].map(three),
    seiz.flr?.toFixed(1) ?? null,
  ];
  return htmlTable(
    [
      { heading: 'Scorer' },
      number('Sensitivity'),
      number('Precision'),
      number('F1'),
      number('False alarms per 24 h'),
    ],
    [
      ofSzcore('events', szcore.event),
      ofSzcore('samples', szcore.sample),
      ofNedc('OVERLAP', nedc.overlap),
      ofNedc('TAES', nedc.taes),
      ofNedc('EPOCH', nedc.epoch),
      ofNedc('DPALIGN', nedc.dpalign),
    ],
  );
}

export function methodSection(document: EvaluationDocument): Markup {
  const {
    checkpoint,
    checkpoint_sha256,
    checkpoint_step,
    checkpoint_epoch,
    code_version,
    data,
    split,
    data_hash,
  } = document;
  const {
    postprocessing,
    bootstrap,
    left_out,
    tuned_on,
    references,
    longer_than_max_duration: long,
  } = document;
  const rows: [string, string][] = [
    [
      'Checkpoint',
      `${checkpoint}, step ${checkpoint_step}, epoch ${checkpoint_epoch}, saved by bgb ${code_version}`,
    ],
    ['SHA-256 of its tensors', checkpoint_sha256],
    ['Data', `${data}${split === null ? '' : `, split ${split}`}; hash ${data_hash}`],
    ['Thresholds', tuned_on],
    ['Post-processing', JSON.stringify(postprocessing)],
    [
      'Intervals',
      `95 %: bootstrap over patients (${bootstrap.resamples} resamples of ${counted(bootstrap.patients, 'patient')}, seed ${bootstrap.seed}), exact ones where there are few events or patients; the table says which`,
    ],
    [
      'References',
      `found ${references.found.join(', ') || 'none'}; trained on ${references.trained_on?.join(', ') ?? 'not known'}`,
    ],
  ];
  if (long.length > 0)
    rows.push(['Long detections', `${long.length} are longer than max_duration_s: kept, to be looked at`]);
  return group(
    htmlTable(
      [{ heading: '' }, { heading: '' }],
      rows.map(([name, text]) => [name, text]),
    ),
    left_out.length === 0
      ? null
      : group(
          element('h3', {}, 'Left out'),
          element('ul', {}, ...left_out.slice(0, MOST_LISTED).map((reason) => element('li', {}, reason))),
          left_out.length > MOST_LISTED
            ? element(
                'p',
                { class: 'quiet' },
                `And ${left_out.length - MOST_LISTED} more; evaluation.json lists them.`,
              )
            : null,
        ),
  );
}

export function intervalText(low: number, high: number, digits: number): string {
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}

function cellsOf({ value, reason, interval }: Figure): [string | null, string | null, string] {
  // Shares to a thousandth, rates to a hundredth or a tenth.
  const most = Math.max(Math.abs(value ?? 0), Math.abs(interval?.high ?? 0));
  const digits = most <= 1 ? 3 : most < 10 ? 2 : 1;
  return [
    value?.toFixed(digits) ?? null,
    interval && intervalText(interval.low, interval.high, digits),
    reason ?? interval?.method ?? '',
  ];
}
