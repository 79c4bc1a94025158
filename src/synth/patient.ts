import type { Split } from '../config/index.ts';
import { Draws } from './draws.ts';
import { dot, type Reference, type Source, sourceBelow, unit, type Vector } from './head.ts';
import type { Profile } from './profile.ts';

/** What kind of epilepsy a patient has; of those without, what the focus of their sharp waves would be. */
export type Syndrome =
  | 'temporal'
  | 'frontal'
  | 'parietal'
  | 'occipital'
  | 'tonic-clonic'
  | 'generalised'
  | 'absence';

/** Everything that stays the same in all recordings of one patient. */
export interface Patient {
  readonly index: number;
  /** Eight letters, as in TUSZ. */
  readonly id: string;
  readonly split: Split;
  readonly hasSeizures: boolean;
  /** Which of the patients with seizures this is, from 0; null without. */
  readonly seizureOrdinal: number | null;
  readonly syndrome: Syndrome;
  /** Electrode above the focus. */
  readonly focus: string;
  readonly reference: Reference;
  /** Hz */
  readonly rate: number;
  /** Power from 1 to 70 Hz against the average of all electrodes, root of its mean over channels, microvolts. */
  readonly gainUv: number;
  /** Of 1 / f^exponent. */
  readonly exponent: number;
  readonly kneeHz: number;
  readonly sources: readonly Source[];
  /** Amplitude of each source. */
  readonly sourceLevels: Float64Array;
  readonly alphaHz: number;
  /** Times the background's amplitude at the rhythm's own electrodes, roughly. */
  readonly alphaLevel: number;
  readonly muHz: number;
  readonly muLevel: number;
  readonly betaHz: number;
  readonly betaLevel: number;
  readonly thetaHz: number;
  readonly spindleHz: number;
  /** Pathological slowing: where, and how strong; null for 70 % of the patients. */
  readonly slowing: { readonly electrode: string; readonly hz: number; readonly level: number } | null;
  readonly heartHz: number;
  /** Times the usual number of artefacts. */
  readonly artefactLevel: number;
  /** 50 or 60 */
  readonly mainsHz: number;
  readonly mainsUv: number;
  /** Amplifier noise of each electrode, microvolts. */
  readonly electrodeNoiseUv: number;
  /** Whether the amplifiers pass direct current, so that electrodes' offsets are recorded. */
  readonly hasOffsets: boolean;
}

const PATIENT = 1;

/** Electrodes under which a focus of each kind lies. */
const FOCI: Readonly<Record<Syndrome, readonly string[]>> = {
  temporal: ['F7', 'F8', 'T3', 'T4', 'T5', 'T6'],
  frontal: ['F3', 'F4', 'Fz', 'Fp1', 'Fp2'],
  parietal: ['P3', 'P4', 'Pz', 'C3', 'C4'],
  occipital: ['O1', 'O2'],
  'tonic-clonic': ['F7', 'F8', 'F3', 'F4', 'T3', 'T4'],
  generalised: ['Fz', 'Cz'],
  absence: ['Fz'],
};

const SYNDROMES: readonly (readonly [Syndrome, number])[] = [
  ['temporal', 0.36],
  ['frontal', 0.52],
  ['parietal', 0.61],
  ['occipital', 0.68],
  ['tonic-clonic', 0.8],
  ['generalised', 0.9],
  ['absence', 1],
];

/** Parts of the golden ratio, and of the plastic number: steps that spread shares evenly over any number of patients. */
const GOLDEN = 0.6180339887498949;

/**
 * Draws a patient: a pure function of seed, profile and index, whatever else is in the corpus. Patients of `eval` are
 * of another distribution: steeper spectra, slower rhythms, more slowing, more artefacts, other amplifiers.
 */
export function drawPatient(seed: number, profile: Profile, index: number): Patient {
  const draws = new Draws(seed, PATIENT, index);
  const { patientBlock } = profile;
  const { split, hasSeizures } = patientBlock[index % patientBlock.length]!;
  const isShifted = split === 'eval';
  const spread = (place: number) => (new Draws(seed, PATIENT).uniform() + place * GOLDEN) % 1;
  const seizureOrdinal = hasSeizures ? ordinalOf(profile, index) : null;
  const place = spread(seizureOrdinal ?? index + 0.5);
  const syndrome = SYNDROMES.find(([, upTo]) => place < upTo)![0];
  const sources = drawSources(draws.part(1), 40 + draws.below(41));
  const slowingShare = isShifted ? 0.42 : 0.27;
  const alphaHz = draws.around(isShifted ? 9.2 : 9.9, 0.9);
  return {
    index,
    id: letters(index),
    split,
    hasSeizures,
    seizureOrdinal,
    syndrome,
    focus: draws.pick(FOCI[syndrome]),
    reference: draws.weighted(profile.references),
    rate: Number(draws.weighted(profile.rates)),
    gainUv: (isShifted ? 28 : 24) * Math.exp(draws.around(0, 0.4)),
    exponent: Math.max(0.6, Math.min(1.85, draws.around(isShifted ? 1.35 : 1.2, 0.22))),
    kneeHz: draws.logBetween(8, 20),
    sources,
    sourceLevels: Float64Array.from(sources, () => Math.exp(draws.around(0, 0.5))),
    alphaHz,
    alphaLevel: draws.logBetween(0.25, isShifted ? 0.9 : 1.2),
    muHz: alphaHz + draws.between(-0.5, 1),
    muLevel: draws.logBetween(0.15, 0.8),
    betaHz: draws.between(16, 25),
    betaLevel: draws.logBetween(0.1, 0.5),
    thetaHz: draws.between(4.5, 6.8),
    spindleHz: draws.between(11.8, 14.2),
    slowing: draws.isTrue(slowingShare)
      ? {
          electrode: draws.pick(['F7', 'T3', 'F8', 'T4', 'F3', 'F4', 'P3', 'P4', 'Fz', 'T5', 'T6']),
          hz: draws.between(1.2, 5),
          level: draws.logBetween(0.7, 2),
        }
      : null,
    heartHz: draws.between(0.9, 1.6),
    artefactLevel: draws.logBetween(0.5, 2) * (isShifted ? 1.4 : 1),
    mainsHz: draws.isTrue(isShifted ? 0.35 : 0.1) ? 50 : 60,
    mainsUv: draws.logBetween(0.3, 12),
    electrodeNoiseUv: draws.logBetween(0.4, 2),
    hasOffsets: draws.isTrue(0.35),
  };
}

function ordinalOf({ patientBlock }: Profile, index: number): number {
  const place = index % patientBlock.length;
  const before = (count: number) =>
    patientBlock.slice(0, count).filter(({ hasSeizures }) => hasSeizures).length;
  return Math.floor(index / patientBlock.length) * before(patientBlock.length) + before(place);
}

/** Sources spread evenly over the upper part of the head (a Fibonacci lattice), each moved and turned by chance. */
function drawSources(draws: Draws, count: number): Source[] {
  const lowest = -0.45;
  return Array.from({ length: count }, (_, index) => {
    const z = lowest + ((1 - lowest) * (index + 0.5)) / count;
    const angle = 2 * Math.PI * GOLDEN * index;
    const flat = Math.sqrt(1 - z * z);
    const moved = unit([
      flat * Math.cos(angle) + 0.12 * draws.normal(),
      flat * Math.sin(angle) + 0.12 * draws.normal(),
      z + 0.12 * draws.normal(),
    ]);
    const turn: Vector = unit([draws.normal(), draws.normal(), draws.normal()]);
    const tilt = draws.between(0, 0.8);
    const depth = draws.between(0.45, 0.68);
    return sourceBelow(moved, depth, Math.abs(dot(turn, moved)) > 0.95 ? 0 : tilt, turn);
  });
}

/** TUSZ's patient names count in letters: aaaaaaaa, aaaaaaab, ... */
function letters(index: number): string {
  let text = '';
  for (let rest = index, place = 0; place < 8; place++) {
    text = String.fromCharCode(97 + (rest % 26)) + text;
    rest = Math.floor(rest / 26);
  }
  return text;
}
