import type { Split } from '../config/index.ts';

/** Log-normal seizure durations, by what a corpus reports of them; shorter and longer ones than the bounds never occur. */
export interface DurationLaw {
  readonly medianS: number;
  readonly p95S: number;
  readonly shortestS: number;
  readonly longestS: number;
}

/** What a corpus is like. */
export interface Profile {
  readonly name: ProfileName;
  /** Share of all time that is seizure. */
  readonly seizureShare: number;
  /** Of each block of patients, which have seizures and of which split they are: the corpus grows block by block. */
  readonly patientBlock: readonly { readonly split: Split; readonly hasSeizures: boolean }[];
  readonly durations: DurationLaw;
  /** s, log-uniform */
  readonly recordingS: readonly [number, number];
  /** Hz, by weight */
  readonly rates: Readonly<Record<'250' | '256' | '400' | '512', number>>;
  readonly references: Readonly<Record<'ar' | 'le' | 'ar_a', number>>;
  /** Hard negatives an hour, at least. */
  readonly negativesPerHour: number;
  /** Hard negatives in a recording for each seizure in it, at least; over whole blocks of patients there are ten. */
  readonly negativesPerSeizure: number;
  /** Probability that a recording begins in each stage. */
  readonly firstStage: Readonly<Record<'wake' | 'n1' | 'n2' | 'n3' | 'rem', number>>;
}

export type ProfileName = 'tusz' | 'emu';

const block = (text: string): Profile['patientBlock'] =>
  text.split(' ').map((mark) => ({
    split: ({ t: 'train', d: 'dev', e: 'eval' } as const)[mark[0] as 't' | 'd' | 'e'],
    hasSeizures: mark[1] === '+',
  }));

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  tusz: {
    name: 'tusz',
    seizureShare: 0.05,
    // A third with seizures in each split; the first three patients already make a whole corpus.
    patientBlock: block('t+ e+ d+ t- t- e- d- t- t+ t- e- d- t- t- t+'),
    // Of 182 seizures of the CHB-MIT database.
    durations: { medianS: 45, p95S: 140, shortestS: 6, longestS: 752 },
    recordingS: [300, 1800],
    rates: { 250: 0.4, 256: 0.35, 400: 0.15, 512: 0.1 },
    references: { ar: 0.5, le: 0.35, ar_a: 0.15 },
    negativesPerHour: 32,
    // Patients with seizures have ten an hour: the rest of the negatives is in the other patients.
    negativesPerSeizure: 5,
    firstStage: { wake: 0.66, n1: 0.1, n2: 0.16, n3: 0.05, rem: 0.03 },
  },
  emu: {
    name: 'emu',
    seizureShare: 0.0012,
    patientBlock: block('t+ e+ d+ t- t+ t+ e- t+ d- t+ e+ t- d+ t+ t-'),
    // Of the SeizeIT2 database.
    durations: { medianS: 33, p95S: 159, shortestS: 6, longestS: 962 },
    recordingS: [1800, 7200],
    rates: { 250: 0.3, 256: 0.6, 400: 0, 512: 0.1 },
    references: { ar: 0.7, le: 0.1, ar_a: 0.2 },
    negativesPerHour: 6,
    negativesPerSeizure: 10,
    firstStage: { wake: 0.55, n1: 0.07, n2: 0.22, n3: 0.1, rem: 0.06 },
  },
};
