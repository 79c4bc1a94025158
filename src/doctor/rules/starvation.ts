import { resolve } from 'node:path';
import { commandLine, gib } from '../../words.ts';
import type { Fix, Found } from '../finding.ts';
import { corpusBytesIn } from '../loader-use.ts';
import { neededRate } from '../pace.ts';
import type { Rule } from '../rule.ts';
import { type Delivery, isReplaced } from '../run-subject.ts';
import type { Subject } from '../subject.ts';
import { type Cause, causesOf, memoryOf, type Starved, slowMountOf, starvedIn } from './starvation-causes.ts';

/** What the loop saw, and what was measured here beside it. */
function seen({ run, pace }: Starved): string {
  const share = (part: number) => `${((100 * part) / pace.seconds).toFixed(0)} %`;
  const gpu =
    run.fingerprint.environment.device === 'cpu'
      ? ''
      : `, GPU ${pace.gpuUtilisation === null ? 'utilisation not told: judged by the waiting alone' : `utilisation ${(100 * pace.gpuUtilisation).toFixed(0)} %`}`;
  return `waiting ${share(pace.waitedS)} of the last ${pace.steps} steps, ${(pace.seconds / pace.steps).toPrecision(2)} s a step${gpu}`;
}

/** What was measured, as it was and with other settings. */
function measured({ run, pace }: Starved): string {
  const { probe } = run;
  if (probe === null) return '; not measured here: its cache is not at hand';
  const rate = (value: number) => `${Number(value.toPrecision(2))} windows/s`;
  const { asIs, better } = probe;
  const needed = neededRate(pace);
  const waiting = (delivery: Delivery) =>
    `${(100 * Math.max(0, 1 - delivery.windowsPerS / needed)).toFixed(0)} % waiting`;
  return `; measured here: ${rate(asIs.windowsPerS)} with ${asIs.settings.num_workers} workers${better === null ? ', no more with others' : `, ${rate(better.windowsPerS)} with ${better.settings.num_workers} (${waiting(better)})`}, the steps need ${rate(needed)}`;
}

/** Settings that were measured to help, or the guide's where nothing could be measured. */
function loaderSettings({ run }: Starved, subject: Subject): string[] {
  const better = run.probe?.better ?? null;
  const workers = better?.settings.num_workers ?? Math.min(4, run.fingerprint.environment.usable_cores);
  const isGpu = run.fingerprint.environment.device !== 'cpu';
  const { pin_memory } = subject.config!.loaded.config.data;
  return [
    `data.num_workers=${workers}`,
    'data.persistent_workers=true',
    ...(isGpu && !pin_memory ? ['data.pin_memory=true'] : []),
  ];
}

function settingFix(subject: Subject, assignments: readonly string[], says: string): Fix {
  const command = subject.commands.write(subject.config!.path, assignments);
  return {
    command,
    says:
      command === null
        ? `${says} The run has finished: set ${assignments.join(' and ')} for the next.`
        : says,
  };
}

/** Holding the samples in memory, where they fit; what else there is to say where they do not. */
function memoryFix(subject: Subject, otherwise: string): Fix {
  const { run, computing, config } = subject;
  const bytes = corpusBytesIn(subject);
  if (computing === null || bytes === null) return { command: null, says: otherwise };
  const { data, resources } = config!.loaded.config;
  const auto = computing.residencyOf({ data: { ...data, residency: 'auto' }, resources }, bytes, {
    host: memoryOf(run!.fingerprint),
    device: null,
  });
  if (auto.residency === 'disk') return { command: null, says: `${otherwise} (${auto.reason})` };
  return settingFix(
    subject,
    ['data.residency=auto'],
    `Keep the samples in memory, where nothing is read while training: ${auto.reason}.`,
  );
}

function rule(
  cause: Cause,
  about: Pick<Rule, 'id' | 'name' | 'title' | 'looksAt' | 'evidence' | 'cause' | 'fix'>,
  found: (starved: Starved, subject: Subject) => Found,
): Rule {
  return {
    ...about,
    group: 'loader',
    severity: 'wasteful',
    look: (subject) => {
      const starved = starvedIn(subject);
      return starved !== null && causesOf(subject).includes(cause) ? [found(starved, subject)] : [];
    },
  };
}

const LOOKS_AT = "the run's steps: waiting share, seconds a step, GPU utilisation where it is told";

/** Training that waits for its readers, by why. */
export const STARVATION: readonly Rule[] = [
  rule(
    'workers',
    {
      id: 'L1',
      name: 'starved-workers',
      title: 'Training waits for its loader: too few workers',
      looksAt: `${LOOKS_AT}; data.num_workers, and what more of them deliver`,
      evidence: 'the waiting, and windows a second measured with the workers there are and with more',
      cause: 'With 0 workers batches are read between two steps; with too few, none is ready in time.',
      fix: '`bgb train RUN/config.yaml --resume --set data.num_workers=N`, N as measured',
    },
    (starved, subject) => ({
      evidence: `${seen(starved)}; data.num_workers ${subject.config!.loaded.config.data.num_workers}${measured(starved)}`,
      fix: settingFix(
        subject,
        loaderSettings(starved, subject),
        'More workers read ahead while the steps compute, and live on between epochs.',
      ),
    }),
  ),
  rule(
    'persistence',
    {
      id: 'L3',
      name: 'starved-restarts',
      title: 'Training waits for its loader: workers are started anew each epoch',
      looksAt: `${LOOKS_AT}; data.persistent_workers`,
      evidence: 'how much of the waiting falls into the first steps of epochs',
      cause: 'Each epoch begins with new workers and an empty queue.',
      fix: '`bgb train RUN/config.yaml --resume --set data.persistent_workers=true`',
    },
    (starved, subject) => ({
      evidence: `${seen(starved)}; ${((100 * starved.pace.waitedAtEpochsS) / starved.pace.waitedS).toFixed(0)} % of it in the first steps of epochs; data.persistent_workers false`,
      fix: settingFix(subject, ['data.persistent_workers=true'], 'Let the workers live on between epochs.'),
    }),
  ),
  rule(
    'mount',
    {
      id: 'L4',
      name: 'starved-mount',
      title: 'Training waits for its loader: the cache is on a slow file system',
      looksAt: `${LOOKS_AT}; the file system of data.cache_dir`,
      evidence: 'the mount point, its type, and windows a second from it',
      cause: 'Each read crosses a network, a bucket or the border to Windows.',
      fix: '`cp -r CACHE LOCAL`, then `--set data.cache_dir=LOCAL`',
    },
    (starved, subject) => {
      const { cache_dir } = subject.config!.loaded.config.data;
      const target =
        subject.localFolder === null
          ? null
          : `${subject.localFolder}/${resolve(cache_dir).split('/').at(-1)}`;
      const next =
        target === null ? null : subject.commands.write(subject.config!.path, [`data.cache_dir=${target}`]);
      return {
        evidence: `${seen(starved)}; ${cache_dir}: ${slowMountOf(subject)}${measured(starved)}`,
        fix: {
          command:
            next === null || target === null
              ? null
              : `${commandLine('mkdir', '-p', target)} && ${commandLine('cp', '-r', `${resolve(cache_dir)}/.`, target)} && ${next}`,
          says: 'Copy the cache to a local disk once, and train from there.',
        },
      };
    },
  ),
  rule(
    'cores',
    {
      id: 'L5',
      name: 'starved-cores',
      title: 'Training waits for its loader: too few cores',
      looksAt: `${LOOKS_AT}; the usable cores beside data.num_workers`,
      evidence: 'the cores that the run could use, and its workers',
      cause: 'The CPU request, quota or affinity gives fewer cores than there are workers.',
      fix: '`bgb train RUN/config.yaml --resume` with more cores, or `--set data.residency=auto`',
    },
    (starved, subject) => {
      const { usable_cores: cores } = starved.run.fingerprint.environment;
      const workers = subject.config!.loaded.config.data.num_workers;
      const isMoreHere = subject.machine.cores > cores;
      return {
        evidence: `${seen(starved)}; ${cores} usable ${cores === 1 ? 'core' : 'cores'} for ${workers} workers${measured(starved)}`,
        fix: isMoreHere
          ? {
              command: subject.commands.resume(),
              says: `Go on with the ${subject.machine.cores} cores that there are here: ask for them in the container's CPU request, or leave taskset out.`,
            }
          : memoryFix(subject, `Ask for at least ${workers + 1} cores.`),
      };
    },
  ),
  rule(
    'page cache',
    {
      id: 'L6',
      name: 'starved-memory',
      title: 'Training waits for its loader: the samples do not fit into memory',
      looksAt: `${LOOKS_AT}; bytes of the samples beside the memory that the run may use`,
      evidence: 'both',
      cause: 'The system cannot keep what was read: each epoch reads it from the disk again.',
      fix: 'more memory, or a faster disk',
    },
    (starved, subject) => ({
      evidence: `${seen(starved)}; ${gib(corpusBytesIn(subject)!)} of samples, ${gib(memoryOf(starved.run.fingerprint))} of memory${measured(starved)}`,
      fix: { command: null, says: 'Ask for more memory, or put the cache on a faster disk.' },
    }),
  ),
  {
    ...rule(
      'unknown',
      {
        id: 'L7',
        name: 'starved-unknown',
        title: 'Training waits for its loader, and no rule knows why',
        looksAt: LOOKS_AT,
        evidence: 'the waiting, and windows a second measured here',
        cause: 'unknown: workers, cores, file system and memory are as they should be',
        fix: '`--set data.residency=auto` where the samples fit into memory',
      },
      (starved, subject) => ({
        cause: null,
        evidence: `${seen(starved)}; ${subject.config!.loaded.config.data.num_workers} workers on ${starved.run.fingerprint.environment.usable_cores} cores${measured(starved)}`,
        fix: memoryFix(subject, 'Look at the disk with iostat -x 1 while it trains.'),
      }),
    ),
  },
  {
    id: 'L2',
    name: 'slow-copies',
    group: 'loader',
    severity: 'wasteful',
    title: 'Training waits for copies to the GPU',
    looksAt: "the run's steps: copying share; data.pin_memory",
    evidence: 'share of the time, and the setting',
    cause: 'Memory that is not pinned cannot be copied while the GPU computes.',
    fix: '`bgb train RUN/config.yaml --resume --set data.pin_memory=true`',
    look: (subject) => {
      const { run, config } = subject;
      if (run?.pace == null || run.residency === 'device' || run.fingerprint.environment.device === 'cpu')
        return [];
      const { copiedS, seconds, steps } = run.pace;
      if (config!.loaded.config.data.pin_memory || copiedS < 0.2 * seconds || copiedS < 2) return [];
      return [
        {
          evidence: `copying ${((100 * copiedS) / seconds).toFixed(0)} % of the last ${steps} steps; data.pin_memory false`,
          fix: settingFix(subject, ['data.pin_memory=true'], 'Pin the memory that batches are copied from.'),
        },
      ];
    },
  },
  {
    id: 'D5',
    name: 'cache-misses',
    group: 'loader',
    severity: 'wasteful',
    title: 'Windows that the manifest lists were not in the cache',
    looksAt: "the run's record: windows listed and found, by split",
    evidence: 'both counts',
    cause: 'Entries were missing when the run started: it trained without them.',
    fix: '`bgb build-cache ...`, then a new run',
    look: (subject) => {
      const { run, commands } = subject;
      if (run === null || isReplaced(run)) return [];
      const lost = Object.entries(run.fingerprint.splits ?? {}).filter(
        ([, { listed, found }]) => found < listed,
      );
      if (lost.length === 0) return [];
      const texts = lost.map(
        ([split, { listed, found }]) =>
          `${split}: ${found} of ${listed} windows found (${((100 * found) / listed).toFixed(1)} %)`,
      );
      const build = commands.buildCache() ?? commands.scanCache({ isForced: true });
      return [
        {
          evidence: texts.join('; '),
          fix: {
            command: `${build} && ${commands.anew([])}`,
            says: 'Complete the cache and train anew: a run that has begun goes on with what it began with.',
          },
        },
      ];
    },
  },
  {
    id: 'L8',
    name: 'gpu-idle',
    group: 'loader',
    severity: 'note',
    title: 'The GPU idles, and not for its loader',
    looksAt: "the run's steps: GPU utilisation, seconds a step, waiting and copying shares",
    evidence: 'all four',
    cause: 'unknown: neither readers nor copies explain it',
    fix: '`bgb bench-loader CONFIG`, and a larger training.batch_size',
    look: ({ run, config }) => {
      const pace = run?.pace ?? null;
      if (run === null || pace === null || pace.gpuUtilisation === null) return [];
      const { steps, seconds, waitedS, copiedS, gpuUtilisation } = pace;
      // Short steps of a small model leave any GPU idle.
      const isLong = seconds / steps > 1 && steps >= 20;
      if (!isLong || gpuUtilisation > 0.3 || waitedS + copiedS > 0.2 * seconds) return [];
      return [
        {
          cause: null,
          evidence: `GPU utilisation ${(100 * gpuUtilisation).toFixed(0)} %, ${(seconds / steps).toPrecision(2)} s a step of ${config!.loaded.config.training.batch_size} windows, waiting ${((100 * waitedS) / seconds).toFixed(0)} %, copying ${((100 * copiedS) / seconds).toFixed(0)} %`,
          fix: {
            command: null,
            says: 'Look for other processes with nvidia-smi and top; bgb bench-loader tells the steps alone.',
          },
        },
      ];
    },
  },
];
