import { basename } from 'node:path';
import { entryName } from '../../cache/index.ts';
import { counted } from '../../words.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { AlteredInput, Subject } from '../subject.ts';
import { building, excludedIn, some, splitsOf } from './cache-state.ts';
import { leavingOut } from './rejections.ts';

/** Entries beside the recordings and annotations that they were made of. */
export const INPUTS: readonly Rule[] = [
  {
    id: 'A8',
    name: 'inputs-changed',
    group: 'data',
    severity: 'wasteful',
    title: 'Recordings or annotations have changed since their entries were built',
    looksAt:
      "each entry's recording and annotations, as its provenance names them, beside the files of data.data_dir: size, and the hash of annotations that are newer, and of recordings where few are; with --deep of all annotations and all newer recordings",
    evidence: 'how many entries, and the first file',
    cause: 'Files were corrected or replaced after the cache was built: it holds the old labels or samples.',
    fix: '`bgb build-cache ...`, which builds those entries again',
    isQuick: true,
    look: (subject) => {
      // What cannot be used any more is told by why.
      const unusable = new Set(
        (subject.recordings?.tried ?? []).filter(({ problem }) => problem !== null).map(({ name }) => name),
      );
      const changed = altered(subject, 'changed').filter(({ recording }) => !unusable.has(recording));
      if (changed.length === 0) return [];
      return [
        {
          evidence: evidenceOf(changed, 'are others', 'is another'),
          fix: { ...building(subject), says: 'Build the cache; what has not changed is kept.' },
        },
      ];
    },
  },
  {
    id: 'A5',
    name: 'annotations-gone',
    group: 'data',
    severity: 'wasteful',
    title: 'Annotations that entries were made of are gone',
    looksAt: "each entry's annotations, as its provenance names them, beside the files of data.data_dir",
    evidence: 'how many entries, and the first file',
    cause:
      'Annotation files were removed or moved after the cache was built: it still has their labels, which the next build takes out.',
    fix: 'put them back; or `bgb build-cache ...` where others remain; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    isQuick: true,
    look: (subject) => {
      const gone = altered(subject, 'missing');
      if (gone.length === 0) return [];
      // What has another annotation left is built from that one.
      const bare = gone.filter((input) => !hasOther(input, gone, subject));
      const names = [...new Set(bare.map(({ recording }) => recording))];
      return [
        {
          evidence: evidenceOf(gone, 'are gone', 'is gone'),
          fix:
            names.length === 0
              ? { ...building(subject), says: 'Put them back; or build from the annotations that are left.' }
              : leavingOut(subject, names, 'Put them back'),
        },
      ];
    },
  },
  {
    id: 'D3',
    name: 'excluded-entries',
    group: 'cache',
    severity: 'wasteful',
    title: 'Recordings that are left out have entries',
    looksAt: 'data.exclude and the entries of all splits',
    evidence: 'how many, and some of their names',
    cause: 'data.exclude was written after the cache was built: they are still trained on.',
    fix: '`bgb build-cache ...`, which takes them out',
    isQuick: true,
    look: (subject) =>
      splitsOf(subject).flatMap(({ folder, survey }): Found[] => {
        const excluded = (subject.config?.loaded.config.data.exclude ?? []).filter((name) => {
          const entry = survey.entries.get(entryName(name));
          return entry !== undefined && basename(entry.provenance.recording.name) === basename(name);
        });
        if (excluded.length === 0) return [];
        return [
          {
            about: folder,
            evidence: `${counted(excluded.length, 'entry', 'entries')} in ${folder}: ${some(excluded)}`,
            fix: building(subject),
          },
        ];
      }),
  },
];

/** Files in this state, but of recordings that are left out. */
function altered(subject: Subject, state: AlteredInput['state']): AlteredInput[] {
  const excluded = new Set(excludedIn(subject));
  return (subject.recordings?.altered ?? []).filter(
    (input) => input.state === state && !excluded.has(input.recording),
  );
}

function hasOther({ entry }: AlteredInput, gone: readonly AlteredInput[], subject: Subject): boolean {
  const missing = new Set(gone.filter((input) => input.entry === entry).map(({ file }) => basename(file)));
  const split = splitsOf(subject).find(({ survey }) => survey.entries.has(entry));
  return split!.survey.entries.get(entry)!.provenance.annotations.some(({ name }) => !missing.has(name));
}

function evidenceOf(inputs: readonly AlteredInput[], are: string, is: string): string {
  const entries = new Set(inputs.map(({ entry }) => entry)).size;
  const files = new Set(inputs.map(({ file }) => file));
  const [first] = files;
  return `${counted(entries, 'entry', 'entries')}; ${counted(files.size, 'file')} ${files.size === 1 ? is : are}, such as ${first}`;
}
