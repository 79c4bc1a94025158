import type { ProfileName } from './profile.ts';
import { type RecordingPlan, trueEvents } from './recording-plan.ts';

/** Changes with whatever changes a byte of a corpus. */
export const SYNTH_VERSION = 1;

/** What a recording holds, for the corpus file and for totals. */
export interface RecordingCounts {
  readonly durationS: number;
  readonly seizures: number;
  readonly seizureS: number;
  readonly negatives: number;
  readonly twins: number;
}

/** What a planned recording holds, in numbers. */
export function countEvents({ outline, events }: RecordingPlan): RecordingCounts {
  const seizures = events.filter(({ plan }) => plan.kind === 'seizure');
  const negatives = events.filter(({ plan }) => plan.kind === 'negative');
  return {
    durationS: outline.durationS,
    seizures: seizures.length,
    seizureS: seizures.reduce((sum, { startS, endS }) => sum + (endS - startS), 0),
    negatives: negatives.length,
    twins: negatives.filter(({ plan }) => plan.type === 'twin').length,
  };
}

/** The truth of a recording, as its `.json` has it: whose it is, its stages, all events and what is in them. */
export function truthOf(path: string, seed: number, profile: ProfileName, plan: RecordingPlan) {
  const { patient, index, durationS } = plan.outline;
  return {
    format: 'bgb-synth-truth',
    version: SYNTH_VERSION,
    path,
    seed,
    profile,
    patient: patient.id,
    recording: index,
    duration_s: durationS,
    sampling_rate: patient.rate,
    reference: patient.reference,
    stages: plan.spans.map(({ stage, startS, endS }) => ({ stage, start_s: startS, end_s: endS })),
    events: trueEvents(plan).map(({ kind, type, startS, endS, detail }) => ({
      kind,
      type,
      start_s: toTenthMs(startS),
      end_s: toTenthMs(endS),
      ...detail,
    })),
    sleep_waves: plan.sleepWaves.map(({ type, component }) => ({
      type,
      start_s: toTenthMs(component.startS),
      end_s: toTenthMs(component.endS),
    })),
  };
}

const toTenthMs = (seconds: number) => Math.round(seconds * 1e4) / 1e4;
