import { basename } from 'node:path';
import type { AnnotatedEvent, Annotation, AnnotationNotice } from './annotation.ts';
import {
  common,
  type Interval,
  listed,
  overlapFinder,
  rounded,
  secondsOf,
  unionOf,
  without,
} from './intervals.ts';
import { stretchesByLabel } from './spans.ts';

/** TUSZ writes 0.1 ms; a `.csv_bi` made from a `.csv` differs by rounding only. */
const AGREES_WITHIN_S = 0.1;

/**
 * TUSZ's two files of one recording as one annotation: `.csv_bi` says when seizures were, `.csv` of which type.
 * Where `.csv` has only `nesz`, no seizure is left, whatever `.csv_bi` says: the time is excluded. Time that is a
 * seizure in one file only is listed; the `.csv_bi` decides.
 *
 * @param term of `.csv_bi`
 * @param typed of `.csv`
 */
export function joinTuszPair(term: Annotation, typed: Annotation): Annotation {
  const seizures = typed.events.filter(({ meaning }) => meaning === 'seizure');
  const others = typed.events.filter(({ meaning }) => meaning === 'excluded' || meaning === 'untrained');
  const notEpileptic = without(
    typed.events.filter(({ meaning }) => meaning === 'excluded'),
    seizures,
  );
  const types = [...stretchesByLabel(seizures)].flatMap(([label, all]) =>
    unionOf(all).map((stretch) => ({ ...stretch, label })),
  );
  const [typesIn, notEpilepticIn] = [overlapFinder(types), overlapFinder(notEpileptic)];
  const events = term.events.flatMap((event) =>
    event.meaning === 'seizure' ? typedParts(event, typesIn(event), notEpilepticIn(event)) : [event],
  );
  return {
    ...term,
    events: [...events, ...others].sort((a, b) => a.startS - b.startS),
    notices: [...term.notices, ...typed.notices, ...differences(term, typed, seizures, notEpileptic)],
  };
}

/** A seizure of the `.csv_bi` without what is `nesz` only, with the types of the rest. */
function typedParts(
  seizure: AnnotatedEvent,
  found: readonly (Interval & { readonly label: string })[],
  notEpileptic: readonly Interval[],
): AnnotatedEvent[] {
  return without([seizure], notEpileptic).map((part) => {
    const types = found.flatMap(({ label, ...stretch }) =>
      common([part], [stretch]).map((shared) => ({ ...shared, label })),
    );
    const rest = without([part], types).map((stretch) => ({ ...stretch, label: seizure.label }));
    return { ...seizure, ...part, ...(types.length === 0 ? {} : { types: [...types, ...rest] }) };
  });
}

function differences(
  term: Annotation,
  typed: Annotation,
  seizures: readonly AnnotatedEvent[],
  notEpileptic: readonly Interval[],
): AnnotationNotice[] {
  const [mask, types] = [basename(term.path), basename(typed.path)];
  const inTerm = term.events.filter(({ meaning }) => meaning === 'seizure');
  const notices: AnnotationNotice[] = [];
  const say = (code: string, message: string) => notices.push({ code, message });

  const cut = common(inTerm, notEpileptic);
  if (cut.length > 0)
    say(
      'ANNOTATION_NOT_EPILEPTIC',
      `${mask} has a seizure where ${types} has nesz only, ${listed(cut)}: excluded`,
    );
  const onlyInTerm = without(without(inTerm, seizures), notEpileptic);
  const onlyInTyped = without(seizures, inTerm);
  const differenceS = secondsOf([...onlyInTerm, ...onlyInTyped]);
  if (differenceS > AGREES_WITHIN_S) {
    const where = [
      ...(onlyInTerm.length > 0
        ? [`${rounded(secondsOf(onlyInTerm))} s only in ${mask} (${listed(onlyInTerm)})`]
        : []),
      ...(onlyInTyped.length > 0
        ? [`${rounded(secondsOf(onlyInTyped))} s only in ${types} (${listed(onlyInTyped)})`]
        : []),
    ];
    say(
      'ANNOTATION_DISAGREES',
      `${mask} gives the seizure times and ${types} their types; they disagree over ${rounded(differenceS)} s of seizure: ${where.join(', ')}`,
    );
  }
  const durations = [term.durationS, typed.durationS];
  if (durations[0] !== null && durations[1] !== null && Math.abs(durations[0]! - durations[1]!) > 1)
    say(
      'ANNOTATION_DISAGREES',
      `${mask} is of ${durations[0]} s and ${types} of ${durations[1]} s; the former is used`,
    );
  return notices;
}
