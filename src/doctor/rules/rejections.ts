import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { Subject } from '../subject.ts';
import { building, some, splitsOf } from './cache-state.ts';

/** What a recording was rejected for, by what the reason says. */
const REASONS = {
  label: /the label '(.*?)' is not known/,
  duration: /they are not of one recording|the recording has|the recording of/,
  channels: /the montage \S+ needs/,
  annotation: /\.(csv_bi|csv|tsv|json|txt|seizures|lbl|tse)\b/,
} as const;

type Reason = keyof typeof REASONS | 'other';

function reasonOf(text: string): Reason {
  const found = Object.entries(REASONS).find(([, pattern]) => pattern.test(text));
  return (found?.[0] as Reason | undefined) ?? 'other';
}

/** A rule about recordings that the last build rejected for one reason. */
function rejected(
  reason: Reason,
  about: Pick<Rule, 'id' | 'name' | 'title' | 'cause' | 'fix'>,
  says: string,
  /** What must be typed before the cache is built again. */
  before: (subject: Subject, reasons: readonly string[]) => string | null = () => null,
): Rule {
  return {
    ...about,
    group: 'data',
    severity: 'wasteful',
    looksAt: "what each split's last build rejected, and why",
    evidence: 'how many recordings, and the first with its reason',
    isQuick: true,
    look: (subject) =>
      splitsOf(subject).flatMap(({ folder, losses }): Found[] => {
        const lost = (losses?.rejected ?? []).filter((each) => reasonOf(each.reason) === reason);
        if (lost.length === 0) return [];
        const build = building(subject).command;
        const first = before(
          subject,
          lost.map(({ reason }) => reason),
        );
        const command = first === null || build === null ? build : `${first} && ${build}`;
        return [
          {
            about: folder,
            evidence: `${lost.length} of ${losses!.recordings} recordings (${some(lost.map(({ name }) => name))}): ${lost[0]!.reason}`,
            fix: { command, says },
          },
        ];
      }),
  };
}

/** Recordings that the last build left out, by why. */
export const REJECTIONS: readonly Rule[] = [
  rejected(
    'label',
    {
      id: 'A2',
      name: 'unknown-labels',
      title: 'Annotations have labels that are not known',
      cause: 'A label that is in no label set could be a seizure or not: such a recording is left out.',
      fix: 'say in data.labels what it is, then `bgb build-cache ...`',
    },
    'Say in data.labels what the label is: excluded takes its stretches out of training and scores; seizure and background are the others. Then build.',
    (subject, reasons) =>
      subject.config === null
        ? null
        : subject.commands.write(
            subject.config.path,
            [...new Set(reasons.map((reason) => REASONS.label.exec(reason)![1]!))].map(
              (label) => `data.labels.${label}=excluded`,
            ),
          ),
  ),
  rejected(
    'annotation',
    {
      id: 'A1',
      name: 'unreadable-annotations',
      title: 'Annotations cannot be read',
      cause: 'A file is damaged, or of a form that bgb does not know: its recording is left out.',
      fix: 'correct the file, then `bgb build-cache ...`',
    },
    'Correct the lines that the reason names, then build.',
  ),
  rejected(
    'duration',
    {
      id: 'A6',
      name: 'durations-disagree',
      title: 'Annotations are of another length than their recordings',
      cause: 'They are not of one recording, or one of them was cut.',
      fix: 'get both files again, then `bgb build-cache ...`',
    },
    'Get the recording and its annotation again, then build.',
  ),
  rejected(
    'channels',
    {
      id: 'B1',
      name: 'channels-missing',
      title: 'Recordings lack channels of the montage',
      cause: 'The montage needs electrodes that were not recorded, or have names that bgb does not know.',
      fix: 'choose another preprocessing.montage, or leave them out',
    },
    'Choose another preprocessing.montage for all, or move these recordings elsewhere, then build.',
  ),
  rejected(
    'other',
    {
      id: 'B5',
      name: 'recordings-rejected',
      title: 'Recordings cannot be used',
      cause: 'A header or the samples are not as the format says.',
      fix: 'get the files again, then `bgb build-cache ...`',
    },
    'Get the files again, or move them elsewhere, then build.',
  ),
  {
    id: 'A5',
    name: 'annotations-missing',
    group: 'data',
    severity: 'wasteful',
    title: 'Recordings have no annotation',
    looksAt: "what each split's last build left out",
    evidence: 'how many recordings, and some of their names',
    cause:
      'Annotation files were not copied, or lie where bgb does not look: unlabelled is not seizure-free, so they are left out.',
    fix: 'put the annotations beside the recordings, then `bgb build-cache ...`',
    isQuick: true,
    look: (subject) =>
      splitsOf(subject).flatMap(({ folder, losses }): Found[] =>
        (losses?.unlabelled.length ?? 0) === 0
          ? []
          : [
              {
                about: folder,
                evidence: `${losses!.unlabelled.length} of ${losses!.recordings} recordings: ${some(losses!.unlabelled)}`,
                fix: {
                  command: building(subject).command,
                  says: 'Put the annotations beside the recordings, or move those recordings elsewhere, then build.',
                },
              },
            ],
      ),
  },
];
