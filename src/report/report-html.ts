import {
  type EvaluationDocument,
  type FalseAlarm,
  LEAST_SEIZURE_FREE_HOURS,
  type MissedSeizure,
} from '../score/index.ts';
import type { DrawnEvent } from './drawn-events.ts';
import { clock } from './event-plot.ts';
import { element, group, type Markup, styleSheet } from './markup.ts';
import type { Plot } from './plot.ts';
import { headOf } from './report-head.ts';
import {
  intervalText,
  methodSection,
  patientTable,
  ratesTable,
  scorerTable,
  summaryTable,
} from './report-tables.ts';
import { PAGE_STYLE } from './style.ts';

/** What is drawn for a report. */
export interface ReportPlots {
  readonly operatingCurve: Plot;
  readonly calibration: Plot;
  readonly byType: Plot;
  readonly byDuration: Plot;
  readonly delay: Plot;
  readonly missed: readonly DrawnEvent<MissedSeizure>[];
  readonly falseAlarms: readonly DrawnEvent<FalseAlarm>[];
}

/** One page that needs nothing else: no script, no network. */
export function reportHtml(document: EvaluationDocument, plots: ReportPlots): string {
  const { missed_seizures, false_alarms } = document;
  const body = element(
    'body',
    {},
    headOf(document),
    section('Figures', summaryTable(document)),
    section('Sensitivity at a false-alarm rate', note(ratesNote(document)), ratesTable(document)),
    section(
      'Operating curve and calibration',
      element(
        'div',
        { class: 'plots' },
        figure(
          plots.operatingCurve,
          'Operating curve',
          `Each point a tau_on, tau_off 0.08 below. ${ratesText(document)}`,
        ),
        figure(plots.calibration, 'Calibration', calibrationText(document)),
      ),
    ),
    section(
      'Which seizures are found',
      element(
        'div',
        { class: 'plots' },
        figure(plots.byType, 'By type', 'As annotated.'),
        figure(plots.byDuration, 'By duration', 'Of the seizure as annotated.'),
        figure(plots.delay, 'Detection delay', delayText(document)),
      ),
    ),
    section('By patient', patientTable(document)),
    eventSection('Missed seizures', missed_seizures, plots.missed, ({ type }) => type ?? 'type not known'),
    eventSection(
      'False alarms',
      false_alarms,
      plots.falseAlarms,
      ({ confidence }) => `confidence ${confidence.toFixed(2)}`,
    ),
    section('Reference scorers', scorerTable(document)),
    section('How this was made', methodSection(document)),
  );
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('title', {}, document.title),
    styleSheet(PAGE_STYLE),
  );
  return `<!DOCTYPE html>\n${element('html', { lang: 'en' }, head, body).markup}\n`;
}

function section(heading: string, ...content: (Markup | null)[]): Markup {
  return element('section', {}, element('h2', {}, heading), ...content);
}

const note = (text: string): Markup => element('p', { class: 'quiet' }, text);

function figure({ svg }: Plot, name: string, caption: string): Markup {
  return element('figure', {}, element('figcaption', {}, element('strong', {}, name), ` ${caption}`), svg);
}

function eventSection<Event extends MissedSeizure | FalseAlarm>(
  heading: string,
  events: readonly Event[],
  drawn: readonly DrawnEvent<Event>[],
  remark: (event: Event) => string,
): Markup {
  const shown =
    events.length === 0
      ? 'None.'
      : drawn.length === events.length
        ? `All ${events.length} are drawn.`
        : `${drawn.length} of ${events.length} are drawn, from as many patients as there are; evaluation.json lists all.`;
  const reading =
    drawn.length === 0
      ? ''
      : ' From 10 s before the event to 30 s after its start: EEG as the model sees it, after filters and normalisation; the event is shaded. Lines are drawn from the least to the largest sample of each column, so that spikes stay.';
  return section(
    heading,
    note(`${shown}${reading}`),
    ...drawn.map(({ event, plot }) =>
      element(
        'figure',
        {},
        element(
          'figcaption',
          {},
          element('strong', {}, `Patient ${event.patient}`),
          group(
            `, ${event.recording}, ${clock(event.start_s)} to ${clock(event.end_s)} (${(event.end_s - event.start_s).toFixed(1)} s), ${remark(event)}, highest probability ${event.highest_probability.toFixed(2)}`,
          ),
        ),
        plot.svg,
      ),
    ),
  );
}

/** How the figures are made, and what they mean nothing without. */
function ratesNote({ sensitivity_at_fa: [first], prevalence }: EvaluationDocument): string {
  const share = prevalence === null ? '' : `, ${(100 * prevalence).toPrecision(3)} % of its samples seizure`;
  const set =
    first === undefined
      ? ''
      : ` On ${first.corpus}: ${first.seizure_free_hours.toFixed(2)} h without seizures${share}.`;
  return `The highest sensitivity among the thresholds that meet the rate, with the whole post-processing; chosen on the very recordings it is reported for.${set}`;
}

/** What a rate is taken over, and what that is worth. */
function ratesText({ recorded_hours, seizure_free_hours }: EvaluationDocument): string {
  const hours = `Rates are per 24 h, from ${recorded_hours.toFixed(1)} h recorded`;
  return seizure_free_hours < LEAST_SEIZURE_FREE_HOURS
    ? `${hours}: of under ${LEAST_SEIZURE_FREE_HOURS} h without seizures they mean little.`
    : `${hours}.`;
}

function calibrationText({ calibration: { raw, corrected, reason } }: EvaluationDocument): string {
  const figures = ({ brier, ece }: typeof raw) =>
    brier === null || ece === null
      ? 'undefined'
      : `Brier ${brier.toFixed(4)}, expected calibration error ${ece.toFixed(4)}`;
  return `Over the samples of all recordings. As the model says: ${figures(raw)}. ${corrected === null ? `Not corrected: ${reason}.` : `Corrected for the share of seizure in training: ${figures(corrected)}.`}`;
}

function delayText({
  detection_delay: { median_s, lower_quartile_s, upper_quartile_s, detected, before_onset },
}: EvaluationDocument): string {
  if (median_s === null || lower_quartile_s === null || upper_quartile_s === null)
    return 'No seizure was detected.';
  return `Median ${median_s.toFixed(1)} s, quartiles ${intervalText(lower_quartile_s, upper_quartile_s, 1)} s, of ${detected} detected seizures; ${before_onset} before onset. From a seizure's start to that of the first detection which overlaps it.`;
}
