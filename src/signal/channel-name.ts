/** The 10-20 system's scalp electrodes in the spelling used throughout, old names for T7, T8, P7, P8. */
// biome-ignore format: a table of names
const ELECTRODES = [
  'Fp1', 'Fp2', 'Fpz', 'F7', 'F3', 'Fz', 'F4', 'F8', 'T3', 'C3', 'Cz', 'C4', 'T4', 'T5', 'P3', 'Pz', 'P4', 'T6',
  'O1', 'Oz', 'O2', 'F9', 'F10', 'T9', 'T10', 'P9', 'P10', 'Ft9', 'Ft10', 'Fc1', 'Fc2', 'Fc5', 'Fc6', 'Cp1', 'Cp2',
  'Cp5', 'Cp6', 'Af3', 'Af4', 'Af7', 'Af8', 'Ft7', 'Ft8', 'Tp7', 'Tp8', 'Tp9', 'Tp10', 'Po3', 'Po4', 'Po7', 'Po8',
  'F1', 'F2', 'F5', 'F6', 'C1', 'C2', 'C5', 'C6', 'P1', 'P2', 'P5', 'P6', 'Afz', 'Fcz', 'Cpz', 'Poz', 'Fc3', 'Fc4',
  'Cp3', 'Cp4', 'Iz',
];

/** American Electroencephalographic Society 1991: T3, T4, T5, T6 are T7, T8, P7, P8. */
const RENAMED: Record<string, string> = { T7: 'T3', T8: 'T4', P7: 'T5', P8: 'T6' };

const BY_UPPER_CASE = new Map([
  ...ELECTRODES.map((name) => [name.toUpperCase(), name] as const),
  ...Object.entries(RENAMED),
]);

/** What a label says a channel measures: an electrode against a reference, or one electrode against another. */
export interface ChannelName {
  readonly electrode: string;
  /** An electrode for a bipolar channel; else the reference in upper case, '' where none is named. */
  readonly against: string;
  readonly isBipolar: boolean;
}

/**
 * Reads a channel label: `EEG FP1-REF`, `Fp1-LE`, `fp1`, `EEG F7 - T7`, `FP1-Avg`, `EEG 01-REF` (zero for O),
 * `T8-P8-1` (a duplicate numbered by other tools). null for what is not scalp EEG.
 */
export function channelName(label: string): ChannelName | null {
  const [first, second, ...rest] = bareLabel(label).split('-');
  const electrode = electrodeOf(first!);
  if (electrode === null || rest.some((part) => !/^\d+$/.test(part))) return null;
  const other = second === undefined || (/^\d+$/.test(second) && electrodeOf(second) === null) ? '' : second;
  const otherElectrode = electrodeOf(other);
  return { electrode, against: otherElectrode ?? other, isBipolar: otherElectrode !== null };
}

/** A label without what labels of one channel differ in: case, blanks, the type before it (`EEG `). */
export function bareLabel(label: string): string {
  return label
    .toUpperCase()
    .trim()
    .replace(/^(EEG|POL|SEEG)([\s_:]+|(?=[A-Z0]))/, '')
    .replaceAll(/\s/g, '');
}

function electrodeOf(text: string): string | null {
  return BY_UPPER_CASE.get(text.replace(/^0(?=[12Z]$)/, 'O').replace(/^P0(?=[3478Z]$)/, 'PO')) ?? null;
}
