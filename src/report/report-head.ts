import type { EvaluationDocument } from '../score/index.ts';
import { counted } from '../words.ts';
import { element, type Markup } from './markup.ts';

/** Title, what has to be known before any figure is believed, and the set. */
export function headOf(document: EvaluationDocument): Markup {
  const { recordings, patients, recorded_hours, seizure_free_hours, seizures, prevalence } = document;
  const remark = remarkOf(document);
  const share =
    prevalence === null ? '' : `; ${(100 * prevalence).toPrecision(3)} % of the samples are seizure`;
  return element(
    'header',
    {},
    element('h1', {}, `Seizure detector: evaluation${remark === null ? '' : ` (${remark})`}`),
    element('p', { class: 'subject' }, document.title),
    element(
      'div',
      { class: 'badges' },
      ...badgesOf(document).map(({ text, isWarning }) =>
        element('span', { class: isWarning ? 'badge warning' : 'badge' }, text),
      ),
    ),
    element(
      'p',
      {},
      `${counted(recordings, 'recording')} of ${counted(patients, 'patient')}, ${recorded_hours.toFixed(2)} h, of which ${seizure_free_hours.toFixed(2)} h without seizures; ${counted(seizures, 'seizure')}${share}.`,
    ),
  );
}

/** What the title itself has to say. */
function remarkOf({ thresholds, seen_in_training }: EvaluationDocument): string | null {
  const remarks = [
    seen_in_training === 'train' ? 'trained on this set' : null,
    thresholds.state === 'untuned' ? 'untuned' : null,
    thresholds.shared?.is_same_set ? 'tuned on this set' : null,
    thresholds.shared?.is_same_set === false && thresholds.shared.recordings > 0
      ? `tuned on ${thresholds.shared.recordings} of these recordings`
      : null,
  ].filter((remark) => remark !== null);
  return remarks.length === 0 ? null : remarks.join('; ');
}

interface Badge {
  readonly text: string;
  readonly isWarning: boolean;
}

function badgesOf(document: EvaluationDocument): Badge[] {
  const { thresholds, seen_in_training, references, preprocessing_uses_future, left_out, figures } = document;
  const { tuned_on, shared } = thresholds;
  const badges: (Badge | null)[] = [
    thresholds.state === 'untuned'
      ? { text: 'Thresholds untuned', isWarning: true }
      : { text: `Thresholds tuned on ${tuned_on?.set ?? 'an unnamed set'}`, isWarning: false },
    shared?.is_same_set ? { text: 'Tuned on this very set: figures flatter', isWarning: true } : null,
    shared && !shared.is_same_set && (shared.recordings > 0 || shared.patients.length > 0)
      ? {
          text: `Tuned on ${shared.recordings} of these recordings, ${shared.patients.length} of these patients`,
          isWarning: true,
        }
      : null,
    seen_in_training === 'train' ? { text: 'Trained on this set', isWarning: true } : null,
    seen_in_training === 'dev'
      ? { text: 'Training chose its checkpoint on this set', isWarning: true }
      : null,
    references.mismatched > 0
      ? {
          text: `Against another reference: ${references.mismatched} of ${document.recordings} recordings`,
          isWarning: true,
        }
      : null,
    preprocessing_uses_future.length > 0
      ? { text: `Looks ahead: ${preprocessing_uses_future.join(', ')}`, isWarning: false }
      : null,
    left_out.length > 0
      ? {
          text: `${counted(left_out.length, 'recording')} left out`,
          isWarning: true,
        }
      : null,
    figures.false_alarms_per_24h_recorded?.value === null
      ? { text: 'Under 24 h without seizures: no false-alarm rate', isWarning: false }
      : null,
  ];
  return badges.filter((badge) => badge !== null);
}
