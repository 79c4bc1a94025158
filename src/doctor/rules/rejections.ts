import { entryName } from '../../cache/index.ts';
import { counted } from '../../words.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { Subject, TriedRecording } from '../subject.ts';
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
  /** What must be typed before the cache is built again; without it, the recordings are left out for good. */
  before?: (subject: Subject, reasons: readonly string[]) => string | null,
): Rule {
  const fixOf = (subject: Subject, names: readonly string[], reasons: readonly string[]): Fix =>
    before === undefined
      ? leavingOut(subject, names, says)
      : { command: afterwards(before(subject, reasons), building(subject).command), says };
  return {
    ...about,
    group: 'data',
    severity: 'wasteful',
    looksAt: "what each split's last build rejected, and why",
    evidence: 'how many recordings, and the first with its reason',
    isQuick: true,
    look: (subject) => [
      ...splitsOf(subject).flatMap(({ folder, losses }): Found[] => {
        const lost = (losses?.rejected ?? []).filter((each) => reasonOf(each.reason) === reason);
        if (lost.length === 0) return [];
        const names = lost.map(({ name }) => name);
        const reasons = lost.map(({ reason }) => reason);
        return [
          {
            about: folder,
            evidence: `${lost.length} of ${losses!.recordings} recordings (${some(names)}): ${reasons[0]}`,
            fix: fixOf(subject, names, reasons),
          },
        ];
      }),
      ...notBuilt(
        subject,
        (problem) => problem.kind === 'rejected' && reasonOf(problem.reason) === reason,
        fixOf,
      ),
    ],
  };
}

function afterwards(first: string | null, build: string | null): string | null {
  return first === null || build === null ? build : `${first} && ${build}`;
}

/**
 * For recordings that cannot be used as they are: building again where their files have changed since, else leaving them out
 * for good. Only a person can mend them.
 *
 * @param mending what a person can do instead
 */
export function leavingOut(subject: Subject, names: readonly string[], mending: string): Fix {
  const touched = names.filter((name) => subject.recordings?.touched.has(name));
  if (touched.length > 0)
    return {
      command: building(subject).command,
      says: `Files of ${touched.length === names.length ? 'these recordings' : `${counted(touched.length, 'recording')} of them`} have changed since: build again.`,
    };
  const leftOut = new Set(names.map(entryName));
  // Without a seizure left to train on, leaving out mends nothing.
  const hasOthers = splitsOf(subject).some(
    ({ split, survey }) =>
      (split === 'train' || split === null) &&
      [...survey.entries].some(([name, { seizureSeconds }]) => !leftOut.has(name) && seizureSeconds > 0),
  );
  const command = hasOthers ? subject.commands.leaveOut(names) : null;
  const build = building(subject).command;
  return command === null
    ? { command: null, says: `${mending}, then build${build === null ? '.' : `: ${build}`}` }
    : {
        command,
        says: `${mending}, then build; or leave ${names.length === 1 ? 'it' : 'them'} out for good, in data.exclude.`,
      };
}

/**
 * Recordings of which no build has said anything yet, and that one would leave out: of a split of which nothing is left there
 * is no census, and files may have changed since.
 */
function notBuilt(
  subject: Subject,
  isMeant: (problem: NonNullable<TriedRecording['problem']>) => boolean,
  fixOf: (subject: Subject, names: readonly string[], reasons: readonly string[]) => Fix,
): Found[] {
  const tried = subject.recordings?.tried ?? [];
  const meant = tried.flatMap(({ name, problem }) =>
    problem !== null && isMeant(problem) ? [{ name, ...problem }] : [],
  );
  const [first] = meant;
  if (first === undefined) return [];
  const names = meant.map(({ name }) => name);
  return [
    {
      evidence: `${names.length} of ${counted(tried.length, 'recording')} ${subject.cache === null ? 'looked at' : 'without an entry of what they are now'}: ${first.kind === 'unlabelled' ? `no annotation of ${some(names)}` : `${some(names)}: ${first.reason}`}`,
      fix: fixOf(
        subject,
        names,
        meant.map(({ reason }) => reason),
      ),
    },
  ];
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
      fix: 'correct the file, then `bgb build-cache ...`; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    },
    'Correct the lines that the reason names',
  ),
  rejected(
    'duration',
    {
      id: 'A6',
      name: 'durations-disagree',
      title: 'Annotations are of another length than their recordings',
      cause: 'They are not of one recording, or one of them was cut.',
      fix: 'get both files again, then `bgb build-cache ...`; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    },
    'Get the recording and its annotation again',
  ),
  rejected(
    'channels',
    {
      id: 'B1',
      name: 'channels-missing',
      title: 'Recordings lack channels of the montage',
      cause: 'The montage needs electrodes that were not recorded, or have names that bgb does not know.',
      fix: 'choose another preprocessing.montage; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    },
    'Choose another preprocessing.montage for all',
  ),
  rejected(
    'other',
    {
      id: 'B5',
      name: 'recordings-rejected',
      title: 'Recordings cannot be used',
      cause: 'A header or the samples are not as the format says.',
      fix: 'get the files again, then `bgb build-cache ...`; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    },
    'Get the files again',
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
    fix: 'put the annotations beside the recordings, then `bgb build-cache ...`; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    isQuick: true,
    look: (subject) => [
      ...splitsOf(subject).flatMap(({ folder, losses }): Found[] =>
        (losses?.unlabelled.length ?? 0) === 0
          ? []
          : [
              {
                about: folder,
                evidence: `${losses!.unlabelled.length} of ${losses!.recordings} recordings: ${some(losses!.unlabelled)}`,
                fix: leavingOut(subject, losses!.unlabelled, 'Put the annotations beside the recordings'),
              },
            ],
      ),
      ...notBuilt(
        subject,
        ({ kind }) => kind === 'unlabelled',
        (subject, names) => leavingOut(subject, names, 'Put the annotations beside the recordings'),
      ),
    ],
  },
];
