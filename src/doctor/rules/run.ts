import { basename, dirname } from 'node:path';
import type { Config } from '../../config/index.ts';
import { configHashes, isGoingOn, setAside } from '../../runs/index.ts';
import { commandLine } from '../../words.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { isReplaced, lostLines, type RunSubject } from '../run-subject.ts';
import type { Subject } from '../subject.ts';
import { usualRate } from './configuration.ts';

/** Reasons for which training stops itself, by what it says. */
const STOPS = {
  'not finite': /not finite|predicts NaN/,
  collapsed: /has collapsed/,
  memory: /The memory does not suffice/,
} as const;

type Stop = keyof typeof STOPS | 'other';

function stopOf({ status }: RunSubject): Stop | null {
  if (status.state !== 'failed') return null;
  const found = Object.entries(STOPS).find(([, pattern]) => pattern.test(status.reason ?? ''));
  return (found?.[0] as Stop | undefined) ?? 'other';
}

/** The first line of the reason that a run gave, without the list that it announces. */
function reasonOf({ status }: RunSubject): string {
  const [first = ''] = (status.reason ?? 'no reason was written').split('\n');
  return first.replace(/ Likely causes:.*$/, '');
}

function failed(
  stop: Stop,
  about: Pick<Rule, 'id' | 'name' | 'severity' | 'title' | 'cause' | 'fix'>,
  found: (run: RunSubject, subject: Subject) => Pick<Found, 'fix'> & Partial<Found>,
): Rule {
  return {
    ...about,
    group: 'run',
    looksAt: 'how the run ended, and the reason that it gave',
    evidence: 'the step, and the reason',
    look: ({ run, ...subject }) =>
      run === null || stopOf(run) !== stop || isReplaced(run) || (stop === 'other' && lostLines(run) > 0)
        ? []
        : [
            {
              evidence: `step ${run.status.step}: ${reasonOf(run)}`,
              ...found(run, { run, ...subject }),
              ...(run.successor !== null && { fix: lookAtSuccessor(run.successor.folder) }),
            },
          ],
  };
}

/** One that was trained anew and went wrong, too, is the one to mend. */
function lookAtSuccessor(folder: string): Fix {
  return {
    command: null,
    says: `It was trained anew in ${folder}, which went wrong, too: ${commandLine('bgb', 'doctor', folder)} says how to go on.`,
  };
}

/** A rate that is far beyond what is usual becomes the usual one. */
function lowerRate({ training }: Config): string {
  const usual = usualRate(training);
  const rate = training.learning_rate > 10 * usual ? usual : training.learning_rate / 3;
  return `training.learning_rate=${rate.toExponential(1)}`;
}

/** The largest batch of so many windows at most into which those of a step can be divided. */
function dividing(windows: number, most: number): number {
  let batch = Math.max(1, Math.min(most, windows));
  while (windows % batch !== 0) batch--;
  return batch;
}

/** How a run went, and what it left. */
export const RUN: readonly Rule[] = [
  {
    id: 'D11',
    name: 'checkpoint-damaged',
    group: 'run',
    severity: 'wasteful',
    title: 'The last checkpoint is damaged',
    looksAt: 'checkpoints/last.json, the tensors that it names and their hash, and those kept before it',
    evidence: 'what is wrong, and the step of the one before that is whole',
    cause: 'A disk was full, or a copy was cut short.',
    fix: '`bgb doctor RUN --fix`, which lets the one before it take its place',
    look: (subject) => damagedCheckpoint(subject),
  },
  {
    id: 'D11',
    name: 'log-cut',
    group: 'run',
    severity: 'wasteful',
    title: "The run's log lacks its end",
    looksAt: 'the last line of events.jsonl, and how many lines the last checkpoint counts',
    evidence: 'both',
    cause: 'A copy was cut short, a disk was full, or the file was edited: such a run cannot be resumed.',
    fix: 'copy it again; or a new run with the same settings',
    look: (subject) => {
      const { run } = subject;
      if (run === null || lostLines(run) === 0 || isGoingOn(run.status.state) || isReplaced(run)) return [];
      return [
        {
          evidence: `events.jsonl ends with line ${run.events.at(-1)!.seq + 1}, ${lostLines(run)} before what ${basename(run.checkpoints.find(({ problem }) => problem === null)!.path)} counts`,
          fix: {
            command: subject.commands.anew([]),
            says: 'Copy the run again from where it was trained; or train anew.',
          },
        },
      ];
    },
  },
  {
    id: 'D11',
    name: 'run-config-changed',
    group: 'run',
    severity: 'worthless result',
    title: "The run's configuration is not the one that it was started with",
    looksAt: 'config.yaml of the run, and the hash of its result-relevant values in fingerprint.json',
    evidence: 'both hashes',
    cause:
      'A copy was cut short, or the file was edited: what it says now is not what was trained. Nothing else is looked at.',
    fix: 'copy it again',
    look: ({ run }) => {
      if (run === null || !run.isConfigChanged) return [];
      const now = configHashes(run.fingerprint.config).result_sha256;
      return [
        {
          evidence: `config.yaml has the hash ${now.slice(0, 12)}, the run was started with ${run.fingerprint.hashes.result_sha256.slice(0, 12)}`,
          fix: { command: null, says: 'Copy config.yaml again from where the run was trained.' },
        },
      ];
    },
  },
  {
    id: 'H8',
    name: 'run-killed',
    group: 'run',
    severity: 'note',
    title: 'The run was killed',
    looksAt: 'its lock, its heartbeat and its last line',
    evidence: 'the last step, and when it was',
    cause:
      'Its process ended without a word: killed by hand, by the system for want of memory, or with its terminal or machine.',
    fix: '`bgb train RUN/config.yaml --resume`',
    look: ({ run, commands }) =>
      run?.status.state !== 'killed' || lostLines(run) > 0
        ? []
        : [
            {
              evidence: `last heard of at ${run.status.lastAt}, step ${run.status.step}${run.status.steps === null ? '' : ` of ${run.status.steps}`}`,
              fix: { command: commands.resume(), says: 'Go on from its last checkpoint.' },
            },
          ],
  },
  failed(
    'not finite',
    {
      id: 'F1',
      name: 'run-not-finite',
      severity: 'worthless result',
      title: 'The run stopped: loss or gradient were not finite',
      cause: 'The learning rate is too high, or windows hold what is no signal.',
      fix: 'a new run with a third of the learning rate, or with the usual one where it is far beyond that',
    },
    (_, subject) => ({
      fix: {
        command: subject.commands.anew([lowerRate(subject.config!.loaded.config)]),
        says: 'Train anew with a lower learning rate; run.log names the windows of the steps that were skipped.',
      },
    }),
  ),
  failed(
    'collapsed',
    {
      id: 'E1',
      name: 'run-collapsed',
      severity: 'worthless result',
      title: 'The run stopped: its model had collapsed',
      cause:
        'The model said no to everything, or ranked no better than chance: too few seizures in its batches, a learning rate that does not fit, or labels of other recordings. The evidence says which.',
      fix: 'a new run with training.pos_weight auto',
    },
    (_, subject) => ({
      fix: {
        command: subject.commands.anew(['training.pos_weight=auto']),
        says: 'Let seizure weigh more; the other likely causes stand in run.log, those of this run first.',
      },
    }),
  ),
  failed(
    'memory',
    {
      id: 'M4',
      name: 'run-out-of-memory',
      severity: 'wasteful',
      title: 'The run stopped: its batches did not fit into memory',
      cause: 'training.batch_size is more than the device holds.',
      fix: 'a new run with a batch that fits, and more accumulation for the same windows a step',
    },
    (run, subject) => {
      const { batch_size, gradient_accumulation_steps } = subject.config!.loaded.config.training;
      const windows = batch_size * gradient_accumulation_steps;
      const told = /A batch of (\d+) would fit/.exec(run.status.reason ?? '')?.[1];
      const batch = dividing(windows, Math.min(batch_size - 1, Number(told ?? Math.floor(batch_size / 2))));
      return {
        fix:
          batch_size === 1
            ? { command: null, says: 'Not even one window fits: choose a smaller model, or another device.' }
            : {
                command: subject.commands.anew([
                  `training.batch_size=${batch}`,
                  `training.gradient_accumulation_steps=${windows / batch}`,
                ]),
                says: 'Take the same windows a step in smaller batches.',
              },
      };
    },
  ),
  failed(
    'other',
    {
      id: 'F10',
      name: 'run-failed',
      severity: 'wasteful',
      title: 'The run failed',
      cause: 'unknown: what it said last is the evidence',
      fix: '`bgb train RUN/config.yaml --resume`, once what it names is mended',
    },
    (_, subject) => ({
      cause: null,
      fix: { command: subject.commands.resume(), says: 'Mend what it names, then go on.' },
    }),
  ),
  {
    id: 'F1',
    name: 'steps-skipped',
    group: 'run',
    severity: 'note',
    title: 'Steps were skipped: loss or gradient were not finite',
    looksAt: "the run's last lines",
    evidence: 'how many of how many steps, and the windows of the last',
    cause: 'A few windows hold what is no signal, or the learning rate is too high.',
    fix: 'a new run with a lower learning rate; look at the windows with bgb edf where it skips them, too',
    look: (subject) => {
      const { run } = subject;
      const skipped = run?.events.filter(({ kind }) => kind === 'skipped') ?? [];
      const last = skipped.at(-1);
      if (run === null || last === undefined || stopOf(run) !== null || isReplaced(run)) return [];
      const steps = run.events.filter(({ kind }) => kind === 'step').length;
      const windows = Array.isArray(last.window_list) ? (last.window_list as string[]) : [];
      return [
        {
          evidence: `${skipped.length} of the last ${steps} steps; the last at step ${last.step} with ${windows.slice(0, 3).join(', ')}`,
          fix: {
            command: subject.commands.anew([lowerRate(subject.config!.loaded.config)]),
            says: 'Train anew with a lower learning rate; where the same windows are skipped again, look at them with bgb edf and leave their recordings out (data.exclude).',
          },
        },
      ];
    },
  },
  {
    id: 'E1',
    name: 'no-positive-batches',
    group: 'run',
    severity: 'worthless result',
    title: 'No batch of an epoch held a seizure',
    looksAt: "the run's epochs: share of seizure samples",
    evidence: 'the epochs without any',
    cause:
      'The set in use holds no seizure: its limits, its labels or its manifest are not as they should be.',
    fix: '`bgb doctor CONFIG` tells which',
    look: ({ run }) => {
      const epochs = run?.events.filter(({ kind }) => kind === 'epoch') ?? [];
      const without = epochs.filter(({ positive_share }) => positive_share === 0);
      return without.length === 0
        ? []
        : [
            {
              evidence: `${without.length} of the last ${epochs.length} epochs, such as ${without.at(-1)!.epoch}`,
              fix: {
                command: null,
                says: 'Look at data.max_samples and data.max_hours, and at the findings about the cache.',
              },
            },
          ];
    },
  },
];

function damagedCheckpoint({ run, target, commands }: Subject): Found[] {
  const [last, ...before] = run?.checkpoints ?? [];
  if (run === null || last === undefined || last.problem === null || isReplaced(run)) return [];
  const whole = before.find(({ problem }) => problem === null);
  const damaged = [last, ...before.filter(({ problem }) => problem !== null)];
  const evidence = `${damaged.map(({ path }) => basename(path)).join(', ')}: ${last.problem}`;
  if (whole === undefined)
    return [
      {
        evidence: `${evidence} None before it is whole.`,
        fix: {
          command: isGoingOn(run.status.state) ? null : commands.anew([]),
          says: 'Copy the run again, or train anew.',
        },
      },
    ];
  if (isGoingOn(run.status.state))
    return [
      {
        evidence,
        fix: { command: null, says: 'The run is going on: its next checkpoint replaces this one.' },
      },
    ];
  return [
    {
      evidence: `${evidence} ${basename(whole.path)} before it is whole.`,
      fix: {
        command: commandLine('bgb', 'doctor', target.path, '--fix'),
        says: 'Take it out of the way, and let the one before it be the last.',
      },
      repair: {
        says: `rename ${damaged.map(({ path }) => path).join(', ')} to *.damaged, and ${whole.path} to ${basename(last.path)}`,
        mend: async () => {
          const aside = damaged.map(({ path, problem }) => ({ path, reason: problem! }));
          await setAside(dirname(last.path), 'last', aside, whole.path);
        },
      },
    },
  ];
}
