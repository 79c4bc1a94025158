import { type Artefact, drawArtefacts } from './artefacts/index.ts';
import { controlTrack, rise } from './control.ts';
import { Draws } from './draws.ts';
import { type EventContext, eventContext } from './event-context.ts';
import type { EventPlan, TrueEvent } from './events.ts';
import { planNegative } from './negatives/negative.ts';
import { planPostictalSlowing } from './negatives/rhythmic-slowing.ts';
import { planSpikeRun } from './negatives/spike-run.ts';
import { planTwin } from './negatives/twin.ts';
import type { RecordingOutline } from './patient-course.ts';
import { EDGE_S, place, type Unit } from './placement.ts';
import type { Profile } from './profile.ts';
import { planSeizure } from './seizures/seizure.ts';
import { drawSleepWaves, type SleepWave } from './sleep.ts';
import { drawStages, type Stage, type StageSpan, stageAt } from './stages.ts';

/** An event at its place. */
export interface PlacedEvent {
  readonly plan: EventPlan;
  readonly startS: number;
  readonly endS: number;
}

/** Everything that will be in a recording, before a sample of it is made. */
export interface RecordingPlan {
  readonly outline: RecordingOutline;
  readonly draws: Draws;
  readonly spans: readonly StageSpan[];
  /** In time. */
  readonly events: readonly PlacedEvent[];
  readonly artefacts: { readonly added: readonly Artefact[]; readonly replacing: readonly Artefact[] };
  readonly sleepWaves: readonly SleepWave[];
  /** What the background is multiplied by. */
  readonly backgroundGain: Float64Array;
}

const RECORDING = 3;

/** Plans an event for the stage in which it turns out to be. */
type Planner = (context: EventContext) => EventPlan;

/** Stages and events of a recording, as a function of the corpus's seed, the patient and the recording's number. */
export function planRecording(seed: number, profile: Profile, outline: RecordingOutline): RecordingPlan {
  const { patient, index, durationS } = outline;
  const draws = new Draws(seed, RECORDING, patient.index, index);
  const spans = drawStages(draws.part(1), profile, durationS);
  const contexts = new Map<Stage, EventContext>();
  const contextOf = (stage: Stage) => {
    const known = contexts.get(stage) ?? eventContext(patient, stage);
    contexts.set(stage, known);
    return known;
  };
  const planners = plannersOf(draws.part(2), outline);
  const units = unitsOf(draws.part(6), planners, contextOf('wake'), durationS);
  const events = place(draws.part(3), units, durationS).map(({ item, startS }) => {
    const plan = item.planner(contextOf(stageAt(spans, startS)));
    return { plan, startS, endS: Math.round((startS + plan.durationS) * 1e4) / 1e4 };
  });
  const context = { patient, spans, durationS };
  return {
    outline,
    draws,
    spans,
    events,
    artefacts: drawArtefacts(draws.part(4), context),
    sleepWaves: drawSleepWaves(draws.part(5), patient, spans, durationS),
    backgroundGain: backgroundGain(events, durationS),
  };
}

/** Share of seizures after which slow waves follow at once. */
const POSTICTAL_SHARE = 0.4;
/** Of the negatives where there is no seizure, those that are the twins of seizures that are not there. */
const ORPHAN_SHARE = 0.12;

/** What is to be in a recording, each with what has to follow it. */
interface Planners {
  readonly first: Planner;
  readonly afterwards: Planner | null;
}

function plannersOf(draws: Draws, { patient, seizureDurations, negatives }: RecordingOutline): Planners[] {
  const planners: Planners[] = [];
  let left = negatives;
  seizureDurations.forEach((durationS, each) => {
    const own = draws.part(1, each);
    const seizure = (context: EventContext) => planSeizure(own.part(1), context, durationS);
    const hasPostictal = own.isTrue(POSTICTAL_SHARE) && patient.syndrome !== 'absence';
    const postictal = (context: EventContext) =>
      planPostictalSlowing(own.part(2), context, [patient.focus, 'Fz', 'C3', 'C4']);
    planners.push({ first: seizure, afterwards: hasPostictal ? postictal : null });
    planners.push({
      first: (context) => planTwin(own.part(3), context, seizure(context)),
      afterwards: null,
    });
    left -= hasPostictal ? 2 : 1;
  });
  for (let each = 0; each < left; each++) {
    const own = draws.part(2, each);
    const isOrphan = seizureDurations.length === 0 && own.isTrue(ORPHAN_SHARE);
    const durationS = own.logBetween(8, 120);
    planners.push({
      first: isOrphan
        ? (context) => planTwin(own.part(3), context, planSeizure(own.part(1), context, durationS))
        : (context) => planNegative(own.part(4), context),
      afterwards: null,
    });
  }
  return planners;
}

type PlannedUnit = Unit<{ readonly planner: Planner }>;

/** s: before the next event; after a seizure the background needs time to come back. */
const BREAK_S = 4;
const BREAK_AFTER_SEIZURE_S = 20;
const SHORT_S = 10;

/** How long each takes. Where they would not fit, the longest negatives that are no twins become runs of spikes. */
function unitsOf(
  draws: Draws,
  planners: readonly Planners[],
  context: EventContext,
  durationS: number,
): PlannedUnit[] {
  const units = planners.map(({ first, afterwards }) => {
    const plan = first(context);
    const items = [{ item: { planner: first }, durationS: plan.durationS }];
    if (afterwards !== null)
      items.push({ item: { planner: afterwards }, durationS: afterwards(context).durationS });
    const isSeizure = plan.kind === 'seizure';
    return { type: plan.type, unit: { items, breakS: isSeizure ? BREAK_AFTER_SEIZURE_S : BREAK_S } };
  });
  const lengthOf = ({ items, breakS }: PlannedUnit) =>
    items.reduce((sum, item) => sum + item.durationS, breakS);
  const isFixed = ({ type, unit }: (typeof units)[number]) =>
    type === 'twin' || unit.breakS === BREAK_AFTER_SEIZURE_S;
  const order = units.filter((each) => !isFixed(each)).sort((a, b) => lengthOf(b.unit) - lengthOf(a.unit));
  const roomS = durationS - 2 * EDGE_S;
  for (const [rank, each] of order.entries()) {
    const used = units.reduce((sum, { unit }) => sum + lengthOf(unit), 0);
    if (used <= roomS || lengthOf(each.unit) <= SHORT_S) break;
    const short: Planner = (at) => planSpikeRun(draws.part(rank), at);
    each.unit = {
      items: [{ item: { planner: short }, durationS: short(context).durationS }],
      breakS: BREAK_S,
    };
  }
  return units.map(({ unit }) => unit);
}

/** What events leave of the background, as one track. */
function backgroundGain(events: readonly PlacedEvent[], durationS: number): Float64Array {
  const gain = controlTrack(durationS, () => 1);
  for (const { plan, startS, endS } of events) {
    const { during, after, recoveryS } = plan.background;
    if (during === 1 && after === 1) continue;
    const event = controlTrack(durationS, (timeS) => {
      if (timeS < startS || timeS > endS + recoveryS + 1) return 1;
      const within = 1 - (1 - during) * rise(timeS, startS, startS + Math.min(1.5, (endS - startS) / 4));
      if (timeS < endS - 0.5) return within;
      const suppressed = during + (after - during) * rise(timeS, endS - 0.5, endS + 0.5);
      return suppressed + (1 - suppressed) * rise(timeS, endS + 0.5, endS + 0.5 + recoveryS);
    });
    for (let step = 0; step < gain.length; step++) gain[step]! *= event[step]!;
  }
  return gain;
}

/** All that is true of a recording, in time. */
export function trueEvents({ events, artefacts, outline }: RecordingPlan): TrueEvent[] {
  const planned = events.map(({ plan, startS, endS }) => ({
    kind: plan.kind,
    type: plan.type,
    startS,
    endS,
    detail: plan.detail,
  }));
  const others = [...artefacts.added, ...artefacts.replacing].map(({ truth }) => truth);
  return [...planned, ...others]
    .filter(({ startS }) => startS < outline.durationS)
    .sort((a, b) => a.startS - b.startS || a.endS - b.endS);
}
