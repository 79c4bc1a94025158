import { extname, join } from 'node:path';
import { counted } from '../../words.ts';
import { joined } from '../command-line.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SplitSubject, Subject } from '../subject.ts';
import { building, hasEntries, some, splitsOf } from './cache-state.ts';

/** Recordings, their labels and their patients. */
export const DATA: readonly Rule[] = [
  {
    id: 'C1',
    name: 'patients-in-two-splits',
    group: 'data',
    severity: 'worthless result',
    title: 'A patient is in two splits',
    looksAt: "the patient of each entry of all splits, and the hash of each recording's file",
    evidence: 'patients and entries on both sides',
    cause:
      'Recordings were divided by file, or two builds divided them differently: scores on such patients mean nothing.',
    fix: '`mv` the entries of one side aside, or build into another folder',
    look: (subject) => patientsInTwo(subject),
  },
  {
    id: 'C1',
    name: 'patients-unnamed',
    group: 'data',
    severity: 'wasteful',
    title: 'It cannot be told whose some recordings are',
    looksAt: 'the names of recordings, and data.patient_pattern',
    evidence: 'how many, and some of their names',
    cause:
      'Their names are of no form that bgb knows, or the pattern does not fit them: no cache is built of them.',
    fix: "`bgb doctor CONFIG --write 'data.patient_pattern=^([^/]+)/'` for a folder a patient, or what fits the names; or `--write data.exclude+=NAME`",
    look: ({ recordings, commands }) => {
      const nameless = recordings?.nameless ?? [];
      if (nameless.length === 0) return [];
      const isAll = nameless.length === recordings!.recordings.length;
      return [
        {
          evidence: `${nameless.length} of ${counted(recordings!.recordings.length, 'recording')}: ${some(nameless)}`,
          fix: {
            command: isAll ? null : commands.leaveOut(nameless),
            says: "Set data.patient_pattern to a regular expression over the path whose one group is the patient, as in '^([^/]+)/' for a folder a patient; or leave these recordings out, in data.exclude.",
          },
        },
      ];
    },
  },
  {
    id: 'F2',
    name: 'clipped',
    group: 'data',
    severity: 'note',
    title: 'Much of a recording is clipped',
    looksAt: "each entry's share of samples beyond preprocessing.clip",
    evidence: 'how many entries, and the highest share',
    cause: 'Artefacts dominate the recording, or its unit is misread.',
    fix: 'raise preprocessing.clip, or leave the recording out (`bgb doctor CONFIG --write data.exclude+=NAME`), and build',
    look: (subject) =>
      splitsOf(subject).flatMap(({ folder, survey }): Found[] => {
        const clipped = [...survey.entries]
          .map(([name, { provenance }]) => ({ name, share: provenance.clipped_share }))
          .filter(({ share }) => share > MOST_CLIPPED)
          .sort((a, b) => b.share - a.share);
        const [worst] = clipped;
        return worst === undefined
          ? []
          : [
              {
                about: folder,
                evidence: `${clipped.length} of ${survey.entries.size} entries in ${folder} have more than ${100 * MOST_CLIPPED} % of their samples clipped; ${worst.name} ${(100 * worst.share).toFixed(1)} %`,
                fix: lessClipped(
                  subject,
                  clipped.map(({ name }) => name),
                ),
              },
            ];
      }),
  },
  {
    id: 'C4',
    name: 'dev-missing',
    group: 'data',
    severity: 'worthless result',
    title: 'There is no dev split for early stopping',
    looksAt: 'training.early_stopping and the entries of dev',
    evidence: 'the metric that is watched, and the folder without entries',
    cause: 'All recordings were built as train, or are of one patient.',
    fix: 'build a dev split, or `bgb doctor CONFIG --write training.early_stopping=null`',
    look: (subject) => {
      const { config, cache } = subject;
      if (config === null || cache === null || cache.problem !== null) return [];
      const stopping = config.loaded.config.training.early_stopping;
      const has = (split: string) => cache.splits.some((each) => each.split === split && hasEntries(each));
      if (stopping === null || !has('train') || has('dev')) return [];
      return [
        {
          about: cache.folder,
          evidence: `training.early_stopping watches ${stopping.metric}; ${join(cache.folder, 'dev')} holds no entry`,
          fix: {
            command: subject.commands.write(config.path, ['training.early_stopping=null']),
            says: 'Set training.early_stopping to null, or build a dev split of other patients.',
          },
        },
      ];
    },
  },
];

const MOST_CLIPPED = 0.05;
/** Of normalised samples hardly any lie beyond so many standard deviations: no more than 1 % (Chebyshev). */
const USUAL_CLIP = 10;

/** A bound that is too low is raised; what is beyond a usual one is no signal. */
function lessClipped(subject: Subject, entries: readonly string[]): Fix {
  const { config, commands, recordings } = subject;
  const build = building(subject).command;
  const clip = config?.loaded.config.preprocessing.clip ?? null;
  const write =
    config === null || subject.run !== null
      ? null
      : commands.write(config.path, [`preprocessing.clip=${USUAL_CLIP}`]);
  if (clip !== null && clip < USUAL_CLIP)
    return {
      command: joined([write, build]),
      says: `Raise preprocessing.clip from ${clip} to ${USUAL_CLIP}, and build.`,
    };
  const names = (recordings?.recordings ?? [])
    .filter(({ entry }) => entries.includes(entry))
    .map(({ name, entry }) => entry.replace(/\.npz$/, extname(name)));
  return {
    command: names.length === entries.length ? commands.leaveOut(names) : null,
    says: 'Look at the recording with bgb edf; leave it out where it is no signal, or raise preprocessing.clip.',
  };
}

function patientsInTwo(subject: Subject): Found[] {
  const where = new Map<string, Map<SplitSubject, string[]>>();
  for (const split of splitsOf(subject))
    for (const [name, { provenance }] of split.survey.entries)
      for (const key of [`patient ${provenance.patient}`, `recording ${provenance.recording.sha256}`]) {
        const splits = where.get(key) ?? new Map<SplitSubject, string[]>();
        splits.set(split, [...(splits.get(split) ?? []), name]);
        where.set(key, splits);
      }
  const shared = [...where].filter(([, splits]) => splits.size > 1);
  const patients = shared.filter(([key]) => key.startsWith('patient '));
  // One recording under two patients' names is one person, too.
  const told = patients.length > 0 ? patients : shared;
  if (told.length === 0) return [];
  // The smaller side goes, and of two as large the one of the later split; but none that its split's seizures are in.
  const asides = new Map<SplitSubject, string[]>();
  for (const [, splits] of told) {
    const sides = [...splits]
      .reverse()
      .sort(
        (a, b) =>
          Number(holdsAllSeizures(...a)) - Number(holdsAllSeizures(...b)) || a[1].length - b[1].length,
      );
    for (const [split, names] of sides.slice(0, -1))
      asides.set(split, [...(asides.get(split) ?? []), ...names]);
  }
  const names = told.map(([key]) => key.split(' ').slice(1).join(' '));
  const [first] = told;
  const example = [...first![1]].map(([split, [name]]) => join(split.folder, name!));
  return [
    {
      evidence: `${counted(names.length, patients.length > 0 ? 'patient' : 'recording')} (${some(names)}), such as ${example.join(' and ')}`,
      fix: {
        command: joined(
          [...asides].map(([split, entries]) => subject.commands.setAside(split.folder, entries)),
        ),
        says: 'Move the entries of the smaller side aside and list the rest; or build into a new folder.',
      },
    },
  ];
}

/** Whether a split would be without seizures without these entries. */
function holdsAllSeizures({ survey }: SplitSubject, names: readonly string[]): boolean {
  return ![...survey.entries].some(
    ([name, { windows }]) =>
      !names.includes(name) && windows.some((category) => category !== null && category !== 'no_seizure'),
  );
}
