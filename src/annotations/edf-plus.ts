import type { EdfRecording } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import type { Annotation, AnnotationNotice } from './annotation.ts';
import { isSeizureText } from './labels.ts';

/**
 * The seizures among a recording's own EDF+ annotations. Their texts are free, so a recording counts as
 * annotated only if one of them is a seizure or `bckg`; other texts are counted in a notice.
 *
 * @returns null where no text is such a label
 * @throws InputError `ANNOTATION_LINE` for a seizure without a duration
 */
export function edfPlusAnnotation(recording: EdfRecording): Annotation | null {
  const known = recording.annotations.filter(({ text }) => isSeizureText(text) !== null);
  if (known.length === 0) return null;
  return {
    format: 'edf-plus',
    path: recording.path,
    durationS: null,
    events: known
      .filter(({ text, durationS }) => isSeizureText(text) === true || durationS !== null)
      .map(({ onsetS, durationS, text }) => {
        if (durationS === null || durationS <= 0)
          throw new InputError(
            'ANNOTATION_LINE',
            `${recording.path}: the EDF+ annotation '${text}' at ${onsetS} s states no duration, so the seizure's end is unknown. Give an annotation file beside the recording.`,
          );
        return { startS: onsetS, endS: onsetS + durationS, label: text, channels: null, confidence: null };
      }),
    notices: otherTexts(recording),
  };
}

function otherTexts({ annotations }: EdfRecording): AnnotationNotice[] {
  const others = annotations.map(({ text }) => text).filter((text) => isSeizureText(text) === null);
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
