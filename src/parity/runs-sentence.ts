import { counted } from '../words.ts';
import type { RunComparison } from './compare-runs.ts';
import type { Finding } from './finding.ts';
import type { Symptom } from './likely-cause.ts';
import type { RunSide } from './run-side.ts';
import type { StepDifferences } from './step-differences.ts';

/** What is told beside a comparison. */
interface Told {
  readonly a: RunSide;
  readonly b: RunSide;
  readonly symptom: Symptom | null;
  /** The first thing in which runs of one training may not differ. */
  readonly unlike: Finding | null;
}

/** The verdict on two runs in one sentence: whether they are one training, what is seen, and most likely why. */
export function runsSentence(
  { verdict, cause, configuration, data, steps }: Omit<RunComparison, 'sentence'>,
  { a, b, symptom, unlike }: Told,
): string {
  const names = `A ${a.path} and B ${b.path}`;
  const seen = seenIn(steps, symptom);
  if (verdict === 'same') return `No differences between ${names}: ${seen}.`;
  const since = cause === null ? '' : `since ${cause.text}${others(cause, data)}`;
  const doubted = [...new Set(configuration.suspicions.map(({ field }) => field))];
  if (verdict !== 'different')
    return `Only allowed differences between ${names}: ${seen}${since === '' ? '' : `, ${since}`}${doubtText(doubted)}.`;
  const different = `Not the same training, ${names}`;
  // What is seen is not all: the cause of it may be allowed, or there may be none to see.
  if (symptom === null || (unlike !== null && cause?.isAllowed === true)) {
    const named = (symptom === null ? cause : unlike)!;
    return `${different}: ${named.text}${others(named, data)}; ${seen}${symptom === null ? '' : `, most likely ${since}`}.`;
  }
  if (cause !== null) return `${different}, most likely ${since}; ${seen}.`;
  return `${different}: ${unlike === null ? '' : `${unlike.text}; `}nothing that they recorded explains that ${seen}.`;
}

function doubtText(fields: readonly string[]): string {
  if (fields.length === 0) return '';
  return `; but ${fields.join(', ')} ${fields.length === 1 ? 'looks' : 'look'} wrong`;
}

/** How many recordings differ besides the one that is named. */
function others(named: Finding, data: readonly Finding[]): string {
  const isOfRecording = ({ kind, what }: Finding) => kind === 'data' && what.includes('/');
  const more = data.filter((finding) => isOfRecording(finding) && finding !== named).length;
  if (!isOfRecording(named) || more === 0) return '';
  return ` (and ${more} more ${more === 1 ? 'recording differs' : 'recordings differ'})`;
}

function seenIn(steps: StepDifferences, symptom: Symptom | null): string {
  const { compared, comparedWindows, lastOfA, lastOfB, loss, anyLoss, largest, precision } = steps;
  const unequal = lastOfA === lastOfB ? '' : `; A has ${lastOfA} steps, B ${lastOfB}`;
  if (compared === 0) return `they have no step in common yet${unequal}`;
  if (symptom?.effect === 'windows') return `the window lists differ from step ${symptom.step} on`;
  if (symptom?.effect === 'loss')
    return `losses leave the tolerance of ${precision} at step ${loss!.step}, ${loss!.a.toPrecision(6)} and ${loss!.b.toPrecision(6)}`;
  const both = `in all ${counted(compared, 'step')} that both have`;
  const unknown = compared - comparedWindows;
  const untold = unknown === 0 ? '' : `, the windows of ${unknown} of them unknown`;
  if (symptom?.effect === 'rounding')
    return `the same windows ${both}${untold}, losses within ${largest.toExponential(1)} (${precision}; the first to differ is that of step ${anyLoss!.step})${unequal}`;
  return `the same windows and the same losses to the bit ${both}${untold}${unequal}`;
}
