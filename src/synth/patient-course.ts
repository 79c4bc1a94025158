import { Draws } from './draws.ts';
import type { Patient } from './patient.ts';
import type { Profile } from './profile.ts';
import { absenceDurationAt, durationAt, meanAbsenceDuration, meanDuration } from './seizures/durations.ts';

/** What is settled of a recording before it is planned: its length, and the seizures in it. */
export interface RecordingOutline {
  readonly patient: Patient;
  /** Of the patient, from 0. */
  readonly index: number;
  /** Whole seconds. */
  readonly durationS: number;
  /** s */
  readonly seizureDurations: readonly number[];
  /** Hard negatives, twins included. */
  readonly negatives: number;
}

const COURSE = 2;

/** Steps of a lattice that covers the unit interval evenly in two counters (Roberts' R2; the plastic number's powers). */
const BY_PATIENT = 0.7548776662466927;
const BY_SEIZURE = 0.5698402909980532;

/** Share of seizures of patients with absences (patient.ts). */
const ABSENCE_SHARE = 0.1;

/** s of a negative that is no twin with the break after it, on average; of the breaks after a seizure and its twin. */
const NEGATIVE_S = 21;
const BREAKS_S = 24;
/** Most of a recording that is events. */
const FULLEST = 0.78;

/** Seizures a second of a patient who has them. */
function seizureRate(profile: Profile): number {
  const { patientBlock, seizureShare, durations } = profile;
  const share = patientBlock.filter(({ hasSeizures }) => hasSeizures).length / patientBlock.length;
  const meanS = (1 - ABSENCE_SHARE) * meanDuration(durations) + ABSENCE_SHARE * meanAbsenceDuration();
  return seizureShare / share / meanS;
}

/**
 * A patient's recordings, one after the other without an end. Each is a function of those before it, never of those
 * after it or of how many are asked for.
 */
export class PatientCourse {
  readonly #patient: Patient;
  readonly #profile: Profile;
  readonly #seed: number;
  readonly #ratePerS: number;
  readonly #firstShare: number;
  #recordedS = 0;
  #seizures = 0;
  #next = 0;

  constructor(seed: number, profile: Profile, patient: Patient) {
    this.#patient = patient;
    this.#profile = profile;
    this.#seed = seed;
    this.#ratePerS = patient.hasSeizures ? seizureRate(profile) : 0;
    this.#firstShare = new Draws(seed, COURSE, patient.index).uniform();
  }

  next(): RecordingOutline {
    const { negativesPerHour, negativesPerSeizure, recordingS } = this.#profile;
    const index = this.#next++;
    const draws = new Draws(this.#seed, COURSE, this.#patient.index, 1, index);
    const drawnS = Math.round(draws.logBetween(...recordingS));
    const due = Math.floor(this.#firstShare + this.#ratePerS * (this.#recordedS + drawnS));
    const seizureDurations = Array.from({ length: due - this.#seizures }, (_, each) =>
      this.#seizureDuration(this.#seizures + each),
    );
    this.#seizures = due;
    const count = seizureDurations.length;
    // Each seizure brings its twin and the other negatives, and there must be background left.
    const seizureS = seizureDurations.reduce((sum, seconds) => sum + 2 * seconds + BREAKS_S, 0);
    const neededS = (seizureS + count * (negativesPerSeizure - 1) * NEGATIVE_S) / FULLEST;
    const durationS = Math.max(drawnS, Math.ceil(neededS));
    this.#recordedS += durationS;
    const negatives = Math.max(
      negativesPerSeizure * count,
      Math.floor((negativesPerHour * durationS) / 3600 + draws.uniform()),
    );
    return { patient: this.#patient, index, durationS, seizureDurations, negatives };
  }

  /** To 0.1 ms, as annotations have it. */
  #seizureDuration(ordinal: number): number {
    const first = new Draws(this.#seed, COURSE).uniform();
    const share = (first + (this.#patient.seizureOrdinal ?? 0) * BY_PATIENT + ordinal * BY_SEIZURE) % 1;
    const held = Math.max(1e-6, Math.min(1 - 1e-6, share));
    const seconds =
      this.#patient.syndrome === 'absence'
        ? absenceDurationAt(held)
        : durationAt(this.#profile.durations, held);
    return Math.round(seconds * 1e4) / 1e4;
  }
}
