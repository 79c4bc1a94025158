import { namedPatientOf } from '../cache/index.ts';
import type { ConfigKind } from '../config/index.ts';
import { counted } from '../words.ts';
import type { Finding } from './finding.ts';
import { deviceOf, loaderUseOf } from './loader-use.ts';
import { excludedIn, some } from './rules/cache-state.ts';
import { LOADER_SETTINGS, READERS } from './rules/loader-settings.ts';
import { STARVATION } from './rules/starvation.ts';
import { isReplaced } from './run-subject.ts';
import { type ConfigSubject, configsOf, type Subject } from './subject.ts';

/** A line of the fast checklist. */
export interface CheckedItem {
  readonly item: string;
  readonly state: 'ok' | 'finding' | 'not looked at';
  /** What was seen, or why it was not looked at. */
  readonly says: string;
}

/** What goes wrong most often, in the guide's order. Rules decide; this only says what they found. */
export function checklistOf(subject: Subject, findings: readonly Finding[]): CheckedItem[] {
  const found = (...rules: string[]) => findings.filter(({ rule }) => rules.includes(rule));
  return [
    loaderItem('local', subject, found(...LOADER)),
    loaderItem('cloud', subject, found(...LOADER, 'progress-bars')),
    rootsItem(subject, found('two-cache-settings', 'cloud-paths', 'local-paths')),
    balanceItem(subject, found(...BALANCE)),
    ...exclusionItem(subject),
    ...recordingItems(subject),
    ...successorItem(subject),
  ];
}

/** Rules about seizures in what is trained on. */
const BALANCE = [
  'no-seizures',
  'no-partial-seizures',
  'limits-without-seizures',
  'manifest-empty',
  'manifest-no-seizures',
];

/** What was wrong and has been accepted stays in sight. */
function exclusionItem(subject: Subject): CheckedItem[] {
  const excluded = excludedIn(subject);
  if (excluded.length === 0) return [];
  const says = `${counted(excluded.length, 'recording')}, by data.exclude: ${some(excluded)}`;
  return [{ item: 'left out on purpose', state: 'ok', says }];
}

/** A run that went wrong stays in sight beside the one that was trained in its place. */
function successorItem({ run }: Subject): CheckedItem[] {
  if (run === null || !isReplaced(run)) return [];
  return [{ item: 'trained anew', state: 'ok', says: `${run.successor!.folder} (${run.successor!.state})` }];
}

/** What a folder of recordings holds. */
function recordingItems({ target, recordings }: Subject): CheckedItem[] {
  if (target.kind !== 'recordings' || recordings === null) return [];
  const { tried, nameless } = recordings;
  const all = recordings.recordings.length;
  const hours = tried.reduce((sum, { recordedS }) => sum + recordedS, 0) / 3600;
  const sums: Record<string, number> = {};
  for (const { labels } of tried)
    for (const [label, seconds] of Object.entries(labels)) sums[label] = (sums[label] ?? 0) + seconds;
  const labels = Object.entries(sums).map(([label, seconds]) => `${label} ${seconds.toFixed(1)} s`);
  const patients = new Set(recordings.recordings.map(({ entry }) => namedPatientOf(entry)));
  patients.delete(null);
  const looked = tried.length < all ? `, ${tried.length} of them looked at` : '';
  return [
    {
      item: 'recordings',
      state: 'ok',
      says: `${counted(all, 'recording')}${looked} (${hours.toFixed(2)} h), of ${nameless.length > 0 ? 'at least ' : ''}${counted(patients.size, 'patient')}`,
    },
    { item: 'labels', state: labels.length > 0 ? 'ok' : 'not looked at', says: labels.join(', ') || 'none' },
  ];
}

/** Rules about the loader, by settings and by what a run saw. */
const LOADER = [...LOADER_SETTINGS, ...STARVATION].map(({ name }) => name);

function stateOf(found: readonly Finding[], says: string): Pick<CheckedItem, 'state' | 'says'> {
  return found.length === 0
    ? { state: 'ok', says }
    : { state: 'finding', says: found.map(({ title, id }) => `${title} (${id})`).join('; ') };
}

function loaderItem(kind: ConfigKind, subject: Subject, all: readonly Finding[]): CheckedItem {
  const item =
    kind === 'local'
      ? `local loader: ${READERS.local} workers, pinned, persistent`
      : `cloud loader: ${READERS.cloud} workers, pinned; progress bars off`;
  const config = configsOf(subject).find((each) => each.kind === kind);
  if (config === undefined) return { item, state: 'not looked at', says: `no ${kind} configuration at hand` };
  const found = all.filter(
    ({ rule, about }) =>
      about === config.path ||
      (config === subject.config && about === subject.target.path) ||
      (rule === 'progress-bars' && kind === 'cloud'),
  );
  return { item, ...stateOf(found, `${config.path}: ${loaderText(config, subject)}`) };
}

function loaderText(config: ConfigSubject, subject: Subject): string {
  const { num_workers, pin_memory, persistent_workers } = config.loaded.config.data;
  const { run } = subject;
  if (run !== null)
    return run.pace === null
      ? 'the run has too few steps to tell'
      : `the run waited ${((100 * run.pace.waitedS) / run.pace.seconds).toFixed(0)} % of its last ${run.pace.steps} steps (samples on ${run.residency})`;
  const use = loaderUseOf(config, subject);
  if (use === 'none')
    return `not used: samples lie where the ${deviceOf(config, subject) === 'cuda' ? 'GPU' : 'CPU'} computes`;
  const pinned = `${pin_memory ? 'pinned' : 'not pinned'}`;
  if (use === 'copies') return `${pinned}; workers not used: samples lie in memory`;
  return `${num_workers} workers, ${pinned}, ${persistent_workers ? 'persistent' : 'not persistent'}${config.kind === 'cloud' ? '; lines instead of bars, as without a terminal' : ''}`;
}

function rootsItem(subject: Subject, found: readonly Finding[]): CheckedItem {
  const item = 'cache directories under one root each';
  const configs = configsOf(subject);
  if (configs.length === 0 && found.length === 0)
    return { item, state: 'not looked at', says: 'no configuration at hand' };
  return {
    item,
    ...stateOf(
      found,
      configs.map(({ kind, loaded }) => `${kind} ${loaded.config.data.cache_dir}`).join(', '),
    ),
  };
}

function balanceItem({ cache }: Subject, found: readonly Finding[]): CheckedItem {
  const item = 'balanced set with seizures';
  const train = cache?.splits.find(({ split }) => split === 'train' || split === null);
  if (found.length > 0) return { item, ...stateOf(found, '') };
  if (train === undefined || train.survey.entries.size === 0)
    return { item, state: 'not looked at', says: 'no cache to look at' };
  const { partial_seizure, full_seizure, no_seizure } = train.listing.counts;
  return {
    item,
    state: 'ok',
    says: `${partial_seizure} windows partly seizure, ${full_seizure} fully, ${no_seizure} without`,
  };
}
