import type { EdfRecording } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import type { Annotation, AnnotationNotice } from './annotation.ts';
import { type LabelRules, labelRules, meaningOfText } from './labels.ts';

/**
 * The seizures among a recording's own EDF+ annotations. Their texts are free, so a recording counts as
 * annotated only if one of them says seizure or background; other texts are counted in a notice.
 *
 * @returns null where no text is such a label
 * @throws InputError `ANNOTATION_LINE` for a seizure, or a stretch to be excluded, without a duration
 */
export function edfPlusAnnotation(
  recording: EdfRecording,
  rules: LabelRules = labelRules(),
): Annotation | null {
  const known = recording.annotations.flatMap((annotation) => {
    const meaning = meaningOfText(annotation.text, rules);
    return meaning === null ? [] : [{ ...annotation, meaning }];
  });
  if (!known.some(({ meaning }) => meaning === 'seizure' || meaning === 'background')) return null;
  return {
    format: 'edf-plus',
    path: recording.path,
    durationS: null,
    events: known
      .filter(
        ({ meaning, durationS }) =>
          meaning === 'seizure' || meaning === 'excluded' || (durationS !== null && durationS > 0),
      )
      .map(({ onsetS, durationS, text, meaning }) => {
        if (durationS === null || durationS <= 0)
          throw new InputError(
            'ANNOTATION_LINE',
            `${recording.path}: the EDF+ annotation '${text}' at ${onsetS} s states no duration, so its end is unknown. Give an annotation file beside the recording.`,
          );
        return {
          startS: onsetS,
          endS: onsetS + durationS,
          label: text,
          meaning,
          channels: null,
          confidence: null,
        };
      }),
    notices: otherTexts(recording, rules),
  };
}

function otherTexts({ annotations }: EdfRecording, rules: LabelRules): AnnotationNotice[] {
  const others = annotations.map(({ text }) => text).filter((text) => meaningOfText(text, rules) === null);
  if (others.length === 0) return [];
  const seizureLike = [...new Set(others.filter((text) => /seiz|\bsz/i.test(text)))];
  const list = seizureLike.slice(0, 5).join("', '");
  return [
    {
      code: 'ANNOTATION_OTHER_TEXTS',
      message: `${others.length} EDF+ annotations are no seizure labels${list === '' ? '' : `, among them '${list}'`}`,
    },
  ];
}
