import { touches } from '../time-spans.ts';
import type { LabelledEvent } from './events.ts';
import type { CountsByLabel } from './figures.ts';
import { type EventCount, eventCounts } from './overlap.ts';

/**
 * Time-aligned event scoring (Ziyabari et al. 2017; Shah et al. 2021): shares of events instead of whole ones.
 *
 * References are taken in order. One that shares time with a hypothesis of its label is compared with each such
 * hypothesis that is not used up, where two events meet if they have a whole second in common, the seconds of their
 * ends included. That test is wider than sharing time, so that what is compared may lie apart; shares then leave
 * [0, 1], and the tool reports them so. What is never compared counts as a whole miss or false alarm.
 */
export function taesCounts(
  reference: readonly LabelledEvent[],
  hypothesis: readonly LabelledEvent[],
): CountsByLabel {
  return eventCounts((label) => {
    const ofLabel = (events: readonly LabelledEvent[]) => events.filter((event) => event.label === label);
    return new Alignment(ofLabel(reference), ofLabel(hypothesis)).counts();
  });
}

/** Events of one label in a reference and a hypothesis. */
class Alignment {
  readonly #references: WholeSeconds;
  readonly #hypotheses: WholeSeconds;
  readonly #isReferenceLeft: boolean[];
  readonly #isHypothesisLeft: boolean[];
  #hit = 0;
  #miss = 0;
  #falseAlarm = 0;

  constructor(references: readonly LabelledEvent[], hypotheses: readonly LabelledEvent[]) {
    this.#references = new WholeSeconds(references);
    this.#hypotheses = new WholeSeconds(hypotheses);
    this.#isReferenceLeft = references.map(() => true);
    this.#isHypothesisLeft = hypotheses.map(() => true);
  }

  counts(): EventCount {
    const { events } = this.#references;
    const isTouching = touches(events, this.#hypotheses.events);
    for (const [index, reference] of events.entries()) {
      if (!isTouching[index] || !this.#isReferenceLeft[index]) continue;
      for (const candidate of this.#hypotheses.meeting(reference))
        if (this.#isHypothesisLeft[candidate]) this.#compare(index, candidate);
    }
    return {
      tgt: events.length,
      hit: this.#hit,
      mis: this.#miss + this.#isReferenceLeft.filter(Boolean).length,
      fal: this.#falseAlarm + this.#isHypothesisLeft.filter(Boolean).length,
    };
  }

  #compare(index: number, candidate: number): void {
    const reference = this.#references.events[index]!;
    const hypothesis = this.#hypotheses.events[candidate]!;
    let { hit, falseAlarm } = sharesOf(reference, hypothesis);
    let miss = 1 - hit;
    this.#isReferenceLeft[index] = false;
    this.#isHypothesisLeft[candidate] = false;
    if (hypothesis.endS >= reference.endS) {
      for (const other of this.#references.meeting(hypothesis)) {
        if (other <= index) continue;
        this.#isReferenceLeft[other] = false;
        miss++;
      }
    } else {
      for (const other of this.#hypotheses.meeting(reference)) {
        if (other <= candidate) continue;
        this.#isHypothesisLeft[other] = false;
        const more = sharesOf(reference, this.#hypotheses.events[other]!);
        hit += more.hit;
        miss -= more.hit;
        falseAlarm += more.falseAlarm;
      }
    }
    this.#hit += hit;
    this.#miss += miss;
    this.#falseAlarm += falseAlarm;
  }
}

/** Of one reference by one hypothesis, in shares of the reference's duration; false alarms are at most 1. */
function sharesOf(reference: LabelledEvent, hypothesis: LabelledEvent): { hit: number; falseAlarm: number } {
  const durationS = reference.endS - reference.startS;
  const earlyS = reference.startS - hypothesis.startS;
  const lateS = hypothesis.endS - reference.endS;
  if (earlyS >= 0 && lateS <= 0) {
    return {
      hit: (hypothesis.endS - reference.startS) / durationS,
      falseAlarm: Math.min(1, earlyS / durationS),
    };
  }
  if (earlyS <= 0 && lateS >= 0) {
    return {
      hit: (reference.endS - hypothesis.startS) / durationS,
      falseAlarm: Math.min(1, lateS / durationS),
    };
  }
  if (earlyS > 0) return { hit: 1, falseAlarm: Math.min(1, (lateS + earlyS) / durationS) };
  return { hit: (hypothesis.endS - hypothesis.startS) / durationS, falseAlarm: 0 };
}

/** Finds events that have a whole second in common with another one; an event that runs backwards has none. */
class WholeSeconds {
  readonly events: readonly LabelledEvent[];
  /** Indices by first second. */
  readonly #order: readonly number[];
  /** The latest last second up to each place in the order. */
  readonly #latest: number[] = [];

  constructor(events: readonly LabelledEvent[]) {
    this.events = events;
    this.#order = [...events.keys()].sort((a, b) => firstSecond(events[a]!) - firstSecond(events[b]!));
    for (const index of this.#order)
      this.#latest.push(
        Math.max(lastSecond(events[index]!), this.#latest.at(-1) ?? Number.NEGATIVE_INFINITY),
      );
  }

  /** Indices of events that meet this one, rising. */
  meeting(event: LabelledEvent): number[] {
    const [first, last] = [firstSecond(event), lastSecond(event)];
    if (first > last) return [];
    const found: number[] = [];
    for (let place = this.#startingUpTo(last) - 1; place >= 0 && this.#latest[place]! >= first; place--) {
      const index = this.#order[place]!;
      const other = this.events[index]!;
      if (lastSecond(other) >= first && firstSecond(other) <= lastSecond(other)) found.push(index);
    }
    return found.sort((a, b) => a - b);
  }

  #startingUpTo(second: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firstSecond(this.events[this.#order[middle]!]!) <= second) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const firstSecond = ({ startS }: LabelledEvent) => Math.trunc(startS);
const lastSecond = ({ endS }: LabelledEvent) => Math.trunc(endS);
