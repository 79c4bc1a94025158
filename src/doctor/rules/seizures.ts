import { counted } from '../../words.ts';
import { joined } from '../command-line.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SplitSubject, Subject } from '../subject.ts';
import { building, splitsOf } from './cache-state.ts';
import { isListable } from './manifest.ts';

/** Whether there is seizure to learn from. */
export const SEIZURES: readonly Rule[] = [
  {
    id: 'E1',
    name: 'no-seizures',
    group: 'data',
    severity: 'worthless result',
    title: 'No window of a split holds a seizure',
    looksAt: "the entries' labels and annotations, and the windows cut from them",
    evidence: 'windows, annotated seizures and labelled seconds of the split',
    cause: 'told apart: annotations without seizures, or windows that do not fit',
    fix: 'by the cause: other recordings, `bgb build-cache ...`, or a shorter data.window_size',
    look: (subject) => [
      ...splitsOf(subject).flatMap((split) => withoutSeizures(split, subject)),
      ...folderWithoutSeizures(subject),
    ],
  },
  {
    id: 'E7',
    name: 'no-partial-seizures',
    group: 'data',
    severity: 'worthless result',
    title: 'The balanced set is empty',
    looksAt: 'data.use_balanced_sampling and the windows of train that are partly seizure',
    evidence: 'windows by category',
    cause: 'The balanced set draws for each window with part of a seizure, and there is none.',
    fix: '`bgb doctor CONFIG --write data.use_balanced_sampling=false`, or another window',
    look: (subject) => {
      const { config } = subject;
      if (config === null || !config.loaded.config.data.use_balanced_sampling) return [];
      const train = splitsOf(subject).find(({ split }) => split === 'train' || split === null);
      if (train === undefined || train.survey.entries.size === 0) return [];
      const { partial_seizure, full_seizure, no_seizure } = train.listing.counts;
      if (partial_seizure > 0 || full_seizure === 0) return [];
      const isAllowed = config.loaded.config.data.allow_unbalanced_fallback;
      return [
        {
          about: train.folder,
          severity: isAllowed ? 'wasteful' : 'worthless result',
          evidence: `${train.folder}: ${partial_seizure} windows partly seizure, ${full_seizure} fully, ${no_seizure} without${isAllowed ? '; data.allow_unbalanced_fallback lets all windows stand in' : ''}`,
          fix: {
            command: subject.commands.write(config.path, ['data.use_balanced_sampling=false']),
            says: 'Set data.use_balanced_sampling to false; or choose a longer window or a shorter stride, so that windows reach over the ends of seizures.',
          },
        },
      ];
    },
  },
  {
    id: 'E1',
    name: 'limits-without-seizures',
    group: 'data',
    severity: 'worthless result',
    title: 'The limits for bring-up leave no seizure to train on',
    looksAt: 'data.max_samples and data.max_hours, and the windows of train up to there',
    evidence: 'windows left, and how many of them hold seizure',
    cause: 'The first recordings by name hold no seizure, and the limit takes no others.',
    fix: '`bgb doctor CONFIG --write data.max_samples=N`, N so that there are some',
    isQuick: true,
    look: (subject) => limitedAway(subject),
  },
  {
    id: 'A1',
    name: 'seizures-lost',
    group: 'data',
    severity: 'worthless result',
    title: 'Entries hold less seizure than was annotated',
    looksAt: "each entry's annotated seizure seconds and those of its labels",
    evidence: 'both sums, and the entry that lacks most',
    cause: 'Labels were changed after the entry was built, or written by something else.',
    fix: '`bgb build-cache ...` after removing the entry',
    isQuick: true,
    look: (subject) =>
      splitsOf(subject).flatMap(({ folder, survey }): Found[] => {
        const lost = [...survey.entries]
          .map(([name, { provenance, seizureSeconds }]) => ({
            name,
            annotated: provenance.seizure_s ?? 0,
            labelled: seizureSeconds,
          }))
          .filter(({ annotated, labelled }) => annotated - labelled > Math.max(1, 0.05 * annotated))
          .sort((a, b) => b.annotated - b.labelled - (a.annotated - a.labelled));
        const [worst] = lost;
        if (worst === undefined) return [];
        const names = lost.map(({ name }) => name);
        const build = building(subject).command;
        return [
          {
            about: folder,
            evidence: `${lost.length} of ${survey.entries.size} entries in ${folder}; ${worst.name}: ${worst.annotated.toFixed(1)} s annotated, ${worst.labelled.toFixed(1)} s in its labels`,
            fix: {
              command: joined([subject.commands.setAside(folder, names), build]),
              says: 'Move them aside and build them again.',
            },
          },
        ];
      }),
  },
];

function limitedAway(subject: Subject): Found[] {
  const { config } = subject;
  const train = splitsOf(subject).find(({ split }) => split === 'train' || split === null);
  if (config === null || train === undefined || !isListable(train)) return [];
  const { max_samples, max_hours } = config.loaded.config.data;
  let [windows, hours, kept] = [0, 0, 0];
  // The order in which training takes them: by name, then by window.
  for (const [, { provenance, windows: categories }] of train.survey.entries) {
    const isOver = hours >= (max_hours ?? Infinity) || windows >= (max_samples ?? Infinity);
    for (const category of categories) {
      if (category === null) continue;
      windows++;
      const isSeizure = category !== 'no_seizure';
      if (isSeizure && !isOver && windows <= (max_samples ?? Infinity)) return [];
      if (isSeizure) {
        const field = max_samples === null ? 'data.max_hours' : 'data.max_samples';
        return [
          {
            about: train.folder,
            evidence: `data.max_samples ${max_samples}, data.max_hours ${max_hours}: ${kept} windows are left, 0 with seizure; the first with seizure is window ${windows}`,
            fix: {
              command: subject.commands.write(config.path, [
                field === 'data.max_samples' ? `${field}=${2 * windows}` : `${field}=null`,
              ]),
              says: `Raise or drop ${field}, so that windows with seizure are among those taken.`,
            },
          },
        ];
      }
      if (!isOver && windows <= (max_samples ?? Infinity)) kept = windows;
    }
    hours += provenance.recorded_s / 3600;
  }
  return [];
}

/** The default of 60 s, or what recordings hold several of. */
function shorterWindows(longestS: number, { commands, config, run }: Subject): Fix {
  const says = 'Choose a shorter data.window_size.';
  const window = Math.min(60, Math.floor(longestS / 4));
  if (config === null || run !== null || window < 1 || window >= config.loaded.config.data.window_size)
    return { command: null, says };
  const stride = Math.min(config.loaded.config.data.stride, window / 2);
  const write = commands.write(config.path, [`data.window_size=${window}`, `data.stride=${stride}`]);
  return { command: `${write} && ${commands.scanCache()}`, says: `${says} ${window} s fit.` };
}

/** Only a person can find seizures; what is left out may have them. */
function withSeizures({ losses }: SplitSubject, subject: Subject): Fix {
  const left = (losses?.unlabelled.length ?? 0) + (losses?.rejected.length ?? 0);
  const { command } = building(subject);
  return {
    command: null,
    says: `${left > 0 ? `${counted(left, 'recording')} of this split ${left === 1 ? 'is' : 'are'} left out, and may hold them: see the findings about them. Else check` : 'Check'} the annotations, or add recordings of other patients, then build${command === null ? '' : `: ${command}`}`,
  };
}

/** Recordings alone: usable ones, and no seizure in any. */
function folderWithoutSeizures({ target, recordings }: Subject): Found[] {
  const usable = (recordings?.tried ?? []).filter(({ problem }) => problem === null);
  const seconds = usable
    .flatMap(({ labels }) => Object.values(labels))
    .reduce((sum, value) => sum + value, 0);
  if (target.kind !== 'recordings' || usable.length === 0 || seconds > 0) return [];
  return [
    {
      evidence: `${counted(usable.length, 'recording')} with annotations looked at, none with a seizure`,
      cause: 'The annotations of these recordings hold no seizure that was recorded.',
      fix: { command: null, says: 'Check the annotations, or add recordings of other patients.' },
    },
  ];
}

function withoutSeizures(split: SplitSubject, subject: Subject): Found[] {
  const { survey, listing, folder, shape } = split;
  const { partial_seizure, full_seizure, no_seizure } = listing.counts;
  if (survey.entries.size === 0 || partial_seizure + full_seizure > 0) return [];
  // A split to judge on without seizures is of no use either, but for a dev split of a quick try.
  const annotated = [...survey.entries.values()].reduce(
    (sum, { provenance }) => sum + (provenance.seizure_s ?? 0),
    0,
  );
  const about = `${folder}: ${no_seizure} windows of ${shape.length} samples, none with seizure; ${listing.seizures} seizures of ${annotated.toFixed(1)} s annotated, ${listing.seizure_seconds.toFixed(1)} s in the labels`;
  if (listing.seizure_seconds === 0 && annotated === 0) {
    return [
      {
        about: folder,
        evidence: about,
        cause: 'The annotations of these recordings hold no seizure that was recorded.',
        fix: withSeizures(split, subject),
      },
    ];
  }
  // Labels that lack what was annotated are told by the rule about that.
  if (listing.seizure_seconds === 0) return [];
  const rate = [...survey.entries.values()][0]!.provenance.sampling_rate;
  const longest = Math.max(...[...survey.entries.values()].map(({ provenance }) => provenance.recorded_s));
  return [
    {
      about: folder,
      evidence: `${about}; the longest recording has ${longest.toFixed(0)} s, a window ${shape.length / rate} s`,
      cause: 'The windows are longer than the stretches that hold seizures.',
      fix: shorterWindows(longest, subject),
    },
  ];
}
