import type { Measured } from '../measured.ts';
import type { Figure, Interval } from './document.ts';
import { type Bounds, clopperPearson, garwood } from './exact-intervals.ts';
import { drawnSum, LEAST_PATIENTS, type PatientBootstrap } from './patient-bootstrap.ts';

/** Fewer events than this are too few to resample. */
const LEAST_EVENTS = 20;

/** Detected seizures and seizures of each patient. */
export interface PatientEvents {
  readonly detected: Float64Array;
  readonly references: Float64Array;
}

/**
 * The interval of a share of events: from patients drawn anew; exact where there are fewer than 20 events or fewer than 10
 * patients with any, or where all or none are detected, so that every draw would say the same.
 */
export function shareInterval(
  { detected, references }: PatientEvents,
  bootstrap: PatientBootstrap,
): Interval | null {
  const [hits, events] = [sumOf(detected), sumOf(references)];
  if (events === 0) return null;
  if (isFew(references, events) || hits === 0 || hits === events) return exactShare(hits, events);
  const [bounds] = bootstrap.intervals((draws) => {
    const drawn = drawnSum(references, draws);
    return [drawn > 0 ? drawnSum(detected, draws) / drawn : null];
  });
  return asInterval(bounds ?? null);
}

/** Whether events are too few, or of too few patients, to draw patients anew. */
export function isFew(references: Float64Array, events = sumOf(references)): boolean {
  return events < LEAST_EVENTS || references.filter((count) => count > 0).length < LEAST_PATIENTS;
}

export function exactShare(hits: number, events: number): Interval {
  return { ...clopperPearson(hits, events), method: 'exact binomial (Clopper-Pearson)' };
}

/** The interval of a rate per 24 h: from patients drawn anew; exact below 20 events or 10 patients. */
export function rateInterval(
  falseAlarms: Float64Array,
  recordedS: Float64Array,
  bootstrap: PatientBootstrap,
): Interval | null {
  const [events, days] = [sumOf(falseAlarms), sumOf(recordedS) / 86_400];
  if (days === 0) return null;
  if (events < LEAST_EVENTS || recordedS.length < LEAST_PATIENTS) {
    const { low, high } = garwood(events);
    return { low: low / days, high: high / days, method: 'exact Poisson (Garwood)' };
  }
  const [bounds] = bootstrap.intervals((draws) => {
    const drawn = drawnSum(recordedS, draws) / 86_400;
    return [drawn > 0 ? drawnSum(falseAlarms, draws) / drawn : null];
  });
  return asInterval(bounds ?? null);
}

export function asInterval(bounds: Bounds | null): Interval | null {
  return bounds && { ...bounds, method: 'bootstrap over patients' };
}

/** A figure that is undefined has no interval. */
export function figureOf(figure: Measured, interval: Interval | null): Figure {
  return { ...figure, interval: figure.value === null ? null : interval };
}

export function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
