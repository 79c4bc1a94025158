import { InputError } from '../../errors.ts';
import { boardRecording, labelsAt } from '../szcore/index.ts';
import type { TimeSpan } from '../time-spans.ts';
import type { RecordingPair } from './pairing.ts';
import { readSeizures } from './read-annotation.ts';

/** What became of a hypothesis; all but `scored` count as one without any seizure, as SzCORE has it. */
export type HypothesisState = 'scored' | 'missing' | 'unreadable' | 'wrong length';

export interface Hypothesis {
  readonly state: HypothesisState;
  /** Why it is not scored; null where it is. */
  readonly reason: string | null;
  readonly events: readonly TimeSpan[];
  /** As SzCORE's board sees them. */
  readonly boardEvents: readonly TimeSpan[];
  readonly notices: readonly string[];
}

export interface LengthRule {
  /** Hz, of the labels that are counted. */
  readonly sampleRate: number;
  /** Seconds by which a hypothesis may be longer or shorter. */
  readonly durationTolerance: number;
}

/** Formats round durations differently, to 10 ms at most; that is no other length. */
const ROUNDING_S = 0.01 + 1e-9;

/** Reads a recording's hypothesis and says whether it can be scored. */
export async function readHypothesis(
  { hypothesis: file }: RecordingPair,
  referenceS: number,
  rule: LengthRule,
): Promise<Hypothesis> {
  if (file === null) return unusable('missing', 'no hypothesis has its name');
  try {
    const { events, durationS, notices } = await readSeizures(file);
    const hypothesisS = durationS ?? referenceS;
    const differs = (lengthOf: (seconds: number) => number, rate: number) =>
      Math.abs(hypothesisS - referenceS) > ROUNDING_S &&
      Math.abs(lengthOf(hypothesisS) - lengthOf(referenceS)) / rate > rule.durationTolerance;
    if (differs((seconds) => labelsAt(seconds, rule.sampleRate), rule.sampleRate))
      return unusable(
        'wrong length',
        `${file.path}: of ${hypothesisS} s, while the reference is of ${referenceS} s`,
      );
    const isBoardLength = !differs(Math.trunc, 1);
    const board = isBoardLength ? boardRecording({ events, durationS: hypothesisS }).events : [];
    return {
      state: 'scored',
      reason: null,
      events,
      boardEvents: board,
      notices: [
        ...notices,
        ...(durationS === null ? [`${file.path}: states no duration; the reference's is used`] : []),
        ...(isBoardLength
          ? []
          : [`${file.path}: of another number of whole seconds; the board counts it as empty`]),
      ],
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return unusable('unreadable', error.message);
  }
}

function unusable(state: HypothesisState, reason: string): Hypothesis {
  return { state, reason, events: [], boardEvents: [], notices: [] };
}
