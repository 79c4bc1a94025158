import { InputError } from '../errors.ts';
import type { AnnotatedEvent, Annotation, AnnotationNotice } from './annotation.ts';
import { common, type Interval, rounded, secondsOf, without } from './intervals.ts';
import type { LabelMeaning } from './labels.ts';
import { type SeizureSpan, seizureSpans, stretchesByLabel } from './spans.ts';

/** A stretch that was recorded, in seconds from the recording's start. */
export interface RecordedStretch {
  readonly startS: number;
  readonly durationS: number;
}

/** A seizure, or the part of one, that was recorded. */
export interface PlacedSeizure {
  readonly startS: number;
  readonly endS: number;
  readonly label: string;
}

export type PlacementProblem = 'clipped' | 'not recorded' | 'outside';

/** Something of an annotation that could not be used as it stands. */
export interface PlacementReport {
  readonly problem: PlacementProblem;
  /** The event as annotated; of overlapping seizures, their union. */
  readonly event: AnnotatedEvent;
  readonly message: string;
}

export interface Placement {
  /** Recorded parts of seizures, in order of time; none overlap. */
  readonly seizures: readonly PlacedSeizure[];
  /** Seizures of which at least one sample was recorded. */
  readonly seizureCount: number;
  readonly reports: readonly PlacementReport[];
  /** Overlaps that were joined; a duration that differs from the recording's. */
  readonly notices: readonly AnnotationNotice[];
  /** Recorded seizure seconds by type; types of one moment each count. */
  readonly seizureSecondsByLabel: Readonly<Record<string, number>>;
  /** Recorded, but after the end of what the annotation covers: neither seizure nor background (failures A6). */
  readonly unlabelled: readonly Interval[];
  /** Recorded, and by its label neither trained on nor scored, such as `nesz`. */
  readonly excluded: readonly Interval[];
  /** Recorded, and by its label not trained on but background where it is scored, such as `impd`. */
  readonly untrained: readonly Interval[];
  /** Recorded seconds of the labels behind both, seizures in them left out. */
  readonly excludedSecondsByLabel: Readonly<Record<string, number>>;
}

/** A larger difference of durations means another recording, or one that was cut. */
const MOST_DIFFERENCE_S = 10;
const MOST_DIFFERENCE_SHARE = 0.01;
/** Recordings end with a whole data record, mostly of 1 s. */
const NO_DIFFERENCE_S = 1;

/**
 * Lays an annotation over what was recorded: seizures that overlap joined, clipped to the recording's end, cut at
 * holes, left out where nothing of them was recorded. Whatever is lost is reported, event by event (failures A1).
 * Where labels meet, a seizure wins over what is excluded, and that over what is not trained on.
 *
 * @param samplePeriodS of the cache: a part is kept if a label mask at this rate, with starts and ends rounded to
 * the nearest sample of their stretch, holds a sample of it
 * @throws InputError `ANNOTATION_DURATION` where the annotated and the recorded duration differ by more than 10 s
 * and 1 %
 */
export function placeSeizures(
  annotation: Annotation,
  stretches: readonly RecordedStretch[],
  samplePeriodS: number,
): Placement {
  const last = stretches.at(-1);
  const recordingEndS = last === undefined ? 0 : last.startS + last.durationS;
  const notices = durationNotices(annotation, stretches, recordingEndS);
  const seizures: PlacedSeizure[] = [];
  const reports: PlacementReport[] = [];
  const byLabel = new Map<string, number>();
  let seizureCount = 0;
  for (const span of seizureSpans(annotation.events)) {
    notices.push(...overlapNotices(span));
    const report = (problem: PlacementProblem, message: string) => {
      reports.push({
        problem,
        event: joined(span),
        message: `${span.label} ${rounded(span.startS)}-${rounded(span.endS)} s: ${message}`,
      });
    };
    const parts = stretches.flatMap((stretch) => partIn(span, stretch, samplePeriodS) ?? []);
    if (span.startS >= recordingEndS || span.endS <= 0) {
      report('outside', `outside the recording (0-${recordingEndS} s); the event is rejected`);
    } else if (parts.length === 0) {
      report('not recorded', 'none of it was recorded; left out');
    } else {
      seizureCount++;
      seizures.push(...parts);
      for (const [label, all] of stretchesByLabel(span.members))
        byLabel.set(label, (byLabel.get(label) ?? 0) + secondsOf(common(all, parts)));
      const keptS = parts.reduce((sum, { startS, endS }) => sum + endS - startS, 0);
      if (span.endS - span.startS - keptS > samplePeriodS / 2)
        report('clipped', `${Number(keptS.toFixed(3))} s of it were recorded`);
    }
  }
  const recorded = stretches.map(({ startS, durationS }) => ({ startS, endS: startS + durationS }));
  const labelled = (meaning: LabelMeaning) => annotation.events.filter((event) => event.meaning === meaning);
  const kept = (events: readonly Interval[]) => without(common(events, recorded), seizures);
  const left = [...labelled('excluded'), ...labelled('untrained')];
  reports.push(
    ...[...left, ...labelled('background')].flatMap((event) =>
      lossReport(event, recorded, recordingEndS, samplePeriodS),
    ),
  );
  return {
    seizures,
    seizureCount,
    reports,
    notices,
    seizureSecondsByLabel: Object.fromEntries(byLabel),
    unlabelled: unlabelledParts(annotation, stretches),
    excluded: kept(labelled('excluded')),
    untrained: without(kept(labelled('untrained')), labelled('excluded')),
    excludedSecondsByLabel: Object.fromEntries(
      [...stretchesByLabel(left)].map(([label, all]) => [label, secondsOf(kept(all))]),
    ),
  };
}

/** What is lost of an event that is no seizure. Background is what is left, so only where it lies is of interest. */
function lossReport(
  event: AnnotatedEvent,
  recorded: readonly Interval[],
  recordingEndS: number,
  samplePeriodS: number,
): PlacementReport[] {
  const { startS, endS, label, meaning } = event;
  const report = (problem: PlacementProblem, message: string): PlacementReport[] => [
    { problem, event, message: `${label} ${rounded(startS)}-${rounded(endS)} s: ${message}` },
  ];
  if (startS >= recordingEndS || endS <= 0)
    return report('outside', `outside the recording (0-${recordingEndS} s); the event is rejected`);
  // An event without an end was said to reach to the recording's.
  if (meaning === 'background' || endS === Number.POSITIVE_INFINITY) return [];
  const keptS = secondsOf(common([event], recorded));
  if (keptS === 0) return report('not recorded', 'none of it was recorded; left out');
  if (endS - startS - keptS <= samplePeriodS / 2) return [];
  return report('clipped', `${Number(keptS.toFixed(3))} s of it were recorded`);
}

function partIn(
  span: SeizureSpan,
  { startS, durationS }: RecordedStretch,
  samplePeriodS: number,
): PlacedSeizure | null {
  const from = Math.max(span.startS, startS);
  const to = Math.min(span.endS, startS + durationS);
  const sampleAt = (seconds: number) => Math.round((seconds - startS) / samplePeriodS);
  return sampleAt(to) > sampleAt(from) ? { startS: from, endS: to, label: span.label } : null;
}

function joined({ members, startS, endS, label }: SeizureSpan): AnnotatedEvent {
  if (members.length === 1) return members[0]!;
  const channels = members.some((member) => member.channels === null)
    ? null
    : [...new Set(members.flatMap((member) => member.channels!))];
  return { startS, endS, label, meaning: 'seizure', channels, confidence: null };
}

function overlapNotices({ members, startS, endS }: SeizureSpan): AnnotationNotice[] {
  // Rows of single channels overlap by nature.
  if (members.length === 1 || members.every(({ channels }) => channels !== null)) return [];
  const list = members
    .map((member) => `${member.label} ${rounded(member.startS)}-${rounded(member.endS)} s`)
    .join(', ');
  return [
    {
      code: 'ANNOTATION_OVERLAP',
      message: `seizures overlap and are taken as one, ${rounded(startS)}-${rounded(endS)} s: ${list}`,
    },
  ];
}

function durationNotices(
  { durationS, path }: Annotation,
  stretches: readonly RecordedStretch[],
  recordingEndS: number,
): AnnotationNotice[] {
  if (durationS === null) return [];
  // Corpora count a recording's holes or do not.
  const recordedS = stretches.reduce((sum, stretch) => sum + stretch.durationS, 0);
  const differenceS = Math.min(Math.abs(durationS - recordingEndS), Math.abs(durationS - recordedS));
  if (differenceS <= NO_DIFFERENCE_S) return [];
  const message = `the annotation is of ${durationS} s, the recording has ${recordingEndS} s`;
  if (differenceS > Math.max(MOST_DIFFERENCE_S, MOST_DIFFERENCE_SHARE * recordingEndS))
    throw new InputError(
      'ANNOTATION_DURATION',
      `${path}: ${message}. Expected a difference of at most ${MOST_DIFFERENCE_S} s or ${100 * MOST_DIFFERENCE_SHARE} %: they are not of one recording, or one of them was cut. Get both files again.`,
    );
  return [{ code: 'ANNOTATION_DURATION', message }];
}

function unlabelledParts({ durationS }: Annotation, stretches: readonly RecordedStretch[]) {
  if (durationS === null) return [];
  const recordedS = stretches.reduce((sum, stretch) => sum + stretch.durationS, 0);
  const last = stretches.at(-1);
  // An annotation that counts recorded seconds only covers them all.
  if (last === undefined || Math.abs(durationS - recordedS) <= NO_DIFFERENCE_S) return [];
  if (last.startS + last.durationS - durationS <= NO_DIFFERENCE_S) return [];
  return stretches
    .map((stretch) => ({
      startS: Math.max(stretch.startS, durationS),
      endS: stretch.startS + stretch.durationS,
    }))
    .filter(({ startS, endS }) => endS > startS);
}
