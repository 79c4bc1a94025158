import type { Component } from './block.ts';

/** What is true of a stretch of a recording; times in seconds from its start. */
export interface TrueEvent {
  readonly kind: 'seizure' | 'negative' | 'artefact';
  /** TUSZ's seizure type; or the negative's or artefact's name, such as `periodic-discharges` and `blink`. */
  readonly type: string;
  readonly startS: number;
  readonly endS: number;
  /** Further facts, each kind's own. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An event that is not yet at its place in a recording. */
export interface EventPlan {
  readonly kind: 'seizure' | 'negative';
  readonly type: string;
  readonly durationS: number;
  readonly detail: Readonly<Record<string, unknown>>;
  /** How much of the background is left during it, and for how long it takes to come back afterwards. */
  readonly background: { readonly during: number; readonly after: number; readonly recoveryS: number };
  readonly build: (startS: number) => readonly Component[];
}
