import type { Measured } from '../measured.ts';
import type { EvaluationDocument, Figure, Interval } from './document.ts';
import type { EvaluatedRecording, EvaluationSettings, MeasuredRecording } from './evaluated-recording.ts';
import { type EventResult, EventTally, type ListedEvents } from './event-tally.ts';
import { asInterval, figureOf } from './figure-intervals.ts';
import { type Measurement, type MeasuringPart, openParts } from './measuring-part.ts';
import { LEAST_PATIENTS } from './patient-bootstrap.ts';
import { RankingPart, type RankingResult } from './ranking-part.ts';
import { SamplePart, type SampleResult } from './sample-part.ts';
import { SweepPart, type SweepResult } from './sweep-part.ts';

/** The part of the document that follows from recordings alone. */
export type EvaluationFigures = Omit<EventResult, 'patientsWithSeizures'> &
  Pick<
    EvaluationDocument,
    | 'prevalence'
    | 'scores_over_samples'
    | 'sensitivity_at_fa'
    | 'sensitivity_at_fa_plain'
    | 'operating_curve'
    | 'calibration'
  >;

/** What takes time with each recording, a function of probabilities and annotations. */
export interface CurveResults {
  readonly samples: SampleResult;
  readonly ranking: RankingResult;
  readonly sweeps: SweepResult;
}

export const CURVE_MEASUREMENT: Measurement<EvaluationSettings, MeasuredRecording, CurveResults> = {
  samples: (settings) => new SamplePart(settings),
  ranking: (settings) => new RankingPart(settings),
  sweeps: (settings) => new SweepPart(settings),
};

/**
 * Everything that is said of a detector on a set of recordings, which are added one at a time and not kept: of their
 * samples only the scores, up to half a GiB.
 */
export class EvaluationTally {
  readonly #settings: EvaluationSettings;
  readonly #events = new EventTally();
  readonly #curves: MeasuringPart<MeasuredRecording, CurveResults>;

  constructor(settings: EvaluationSettings) {
    this.#settings = settings;
    this.#curves = openParts(CURVE_MEASUREMENT, settings);
  }

  /** Adds a recording; gives what it adds to the document's lists of missed seizures and false alarms. */
  add(recording: EvaluatedRecording): ListedEvents {
    this.#curves.add(recording);
    return this.#events.add(recording);
  }

  /** Everything but what hangs on the checkpoint; the order in which recordings were added is nothing. */
  figures(): EvaluationFigures {
    return evaluationFigures(this.#settings, this.#events, this.#curves.result());
  }
}

/** What was measured of the same recordings, put together. */
export function evaluationFigures(
  { rates, corpus, bootstrapSeed }: EvaluationSettings,
  tally: EventTally,
  { samples, ranking, sweeps }: CurveResults,
): EvaluationFigures {
  const { patientsWithSeizures, figures, bootstrap, ...events } = tally.result(bootstrapSeed);
  const { recordings, patients, recorded_hours, seizure_free_hours, seizures, ...lists } = events;
  const { prevalence } = samples;
  const atRates = (reached: SweepResult['atRates']) =>
    reached.map((figure, index) => ({
      ...figure,
      ...{ fa_per_24h: rates[index]!, corpus, seizure_free_hours, prevalence },
    }));
  const atFalseAlarms = atRates(sweeps.atRates);
  return {
    recordings,
    patients,
    recorded_hours,
    seizure_free_hours,
    seizures,
    prevalence,
    scores_over_samples: samples.isExact ? 'exact' : 'in bins',
    figures: {
      ...sampleFigures(samples, patientsWithSeizures >= LEAST_PATIENTS ? ranking : null),
      ...figures,
      ...Object.fromEntries(
        atFalseAlarms.map(({ fa_per_24h, value, reason, interval }) => [
          `sensitivity_at_${fa_per_24h}fa`,
          { value, reason, interval } as Figure,
        ]),
      ),
    },
    bootstrap,
    sensitivity_at_fa: atFalseAlarms,
    sensitivity_at_fa_plain: atRates(sweeps.plainAtRates),
    operating_curve: sweeps.operatingCurve,
    calibration: samples.calibration,
    ...lists,
  };
}

/** @param ranking null where there are too few patients to draw from */
function sampleFigures(
  { ranked, sensitivity, specificity }: SampleResult,
  ranking: RankingResult | null,
): Record<string, Figure> {
  // Where the bins put a figure beside its exact value, the interval is moved there.
  const around = (index: number, { value }: Measured): Interval | null => {
    const bounds = ranking?.resampled[index] ?? null;
    const shift = (value ?? 0) - (ranking?.whole[index] ?? 0);
    const within = (bound: number) => Math.min(1, Math.max(0, bound + shift));
    return asInterval(bounds && { low: within(bounds.low), high: within(bounds.high) });
  };
  const { auroc_over_samples: auroc, average_precision_over_samples: precision } = ranked;
  return {
    auroc_over_samples: figureOf(auroc, around(0, auroc)),
    average_precision_over_samples: figureOf(precision, around(1, precision)),
    auroc_mean_over_recordings: figureOf(ranked.auroc_mean_over_recordings, null),
    average_precision_mean_over_recordings: figureOf(ranked.average_precision_mean_over_recordings, null),
    sensitivity_over_samples: figureOf(sensitivity, around(2, sensitivity)),
    specificity_over_samples: figureOf(specificity, around(3, specificity)),
  };
}
