import type { Component } from '../block.ts';
import type { Draws } from '../draws.ts';
import type { TrueEvent } from '../events.ts';
import type { Patient } from '../patient.ts';
import { type Stage, type StageSpan, stageAt } from '../stages.ts';

/** What artefacts are drawn for. */
export interface ArtefactContext {
  readonly patient: Patient;
  readonly spans: readonly StageSpan[];
  readonly durationS: number;
}

/** An artefact at its place: what adds it, and the truth of it. */
export interface Artefact {
  readonly component: Component;
  readonly truth: TrueEvent;
}

/** Draws all of one kind for a recording. */
export type ArtefactKind = (draws: Draws, context: ArtefactContext) => Artefact[];

/** Start times of a Poisson process whose rate depends on the stage. */
export function occurrences(
  draws: Draws,
  { patient, spans, durationS }: ArtefactContext,
  perHour: Readonly<Record<Stage, number>>,
): number[] {
  const most = Math.max(...Object.values(perHour)) * patient.artefactLevel;
  const times: number[] = [];
  if (most === 0) return times;
  for (let timeS = 0; ; ) {
    timeS += (-Math.log(draws.uniform()) * 3600) / most;
    if (timeS >= durationS) return times;
    // Thinning (Lewis and Shedler 1979).
    if (draws.uniform() * most < perHour[stageAt(spans, timeS)] * patient.artefactLevel) times.push(timeS);
  }
}

/** What an artefact adds, with what the truth says of it; its end is cut at the recording's. */
export function artefact(
  type: string,
  component: Component,
  durationS: number,
  detail: Readonly<Record<string, unknown>> = {},
): Artefact {
  const { startS, endS } = component;
  return { component, truth: { kind: 'artefact', type, startS, endS: Math.min(endS, durationS), detail } };
}

/** Rates of what only happens awake, and a little in light sleep. */
export function whenAwake(perHour: number, asleep = 0): Record<Stage, number> {
  return { wake: perHour, n1: Math.max(asleep, 0.3 * perHour), n2: asleep, n3: asleep, rem: asleep };
}
