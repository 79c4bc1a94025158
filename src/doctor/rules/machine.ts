import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { commandLine, gib } from '../../words.ts';
import type { Found } from '../finding.ts';
import { configHere, corpusBytesIn, deviceOf, sampleBytes } from '../loader-use.ts';
import { mountAt } from '../machine.ts';
import type { Rule } from '../rule.ts';
import type { ConfigSubject, Subject } from '../subject.ts';
import { unbuilt } from './cache-state.ts';

/** Bytes of weights, and of what the optimiser keeps for them, in one checkpoint. */
function checkpointBytes(subject: Subject, { loaded: { config } }: ConfigSubject): number | null {
  if (subject.computing === null) return null;
  const { cost } = subject.computing.planMemory(config, 'cpu', 0);
  const copies = (config.training.optimizer === 'sgd' ? 2 : 3) + (config.training.ema_decay === null ? 0 : 1);
  return 4 * copies * cost.parameters;
}

/** With the fewest checkpoints, if they fit; else in a folder with room, if one is known. */
function roomFor(one: number, needed: number, config: ConfigSubject, subject: Subject): string | null {
  const { output_dir } = config.loaded.config.experiment;
  const { keep_checkpoints } = config.loaded.config.training;
  const free = subject.machine.freeBytes(output_dir) ?? 0;
  if (keep_checkpoints > 1 && free >= 3 * one)
    return subject.commands.write(config.path, ['training.keep_checkpoints=1']);
  const { localFolder } = subject;
  if (localFolder === null || (subject.machine.freeBytes(localFolder) ?? 0) < needed) return null;
  return subject.commands.write(config.path, [
    `experiment.output_dir=${join(localFolder, basename(output_dir))}`,
  ]);
}

function onLargerDisk(folder: string, bytes: number, config: ConfigSubject, subject: Subject): string | null {
  const { localFolder, machine, commands } = subject;
  if (localFolder === null || (machine.freeBytes(localFolder) ?? 0) < bytes) return null;
  const target = join(localFolder, basename(resolve(folder)));
  const next = commands.write(config.path, [`data.cache_dir=${target}`]);
  const build = commands.buildCache({ folder: target });
  if (existsSync(target) || next === null || build === null) return null;
  return [
    commandLine('mkdir', '-p', target),
    commandLine('cp', '-r', `${resolve(folder)}/.`, target),
    next,
    build,
  ].join(' && ');
}

/** Files that stay open: entries of each reader, and what a run writes. */
const FILES_OF_READER = 64;
const OTHER_FILES = 128;

/** The machine that trains. */
export const MACHINE: readonly Rule[] = [
  {
    id: 'M6',
    name: 'open-files',
    group: 'machine',
    severity: 'wasteful',
    title: 'A process may open too few files',
    looksAt: 'the limit of open files beside data.num_workers',
    evidence: 'the limit, and what readers need',
    cause: `Each reader keeps up to ${FILES_OF_READER} entries open.`,
    fix: '`ulimit -n 4096` before training',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      const { openFiles } = subject.machine;
      if (config === null || openFiles === null) return [];
      const needed = (config.loaded.config.data.num_workers + 1) * FILES_OF_READER + OTHER_FILES;
      return openFiles >= needed
        ? []
        : [
            {
              evidence: `${openFiles} files may be open; ${config.loaded.config.data.num_workers} workers need up to ${needed}`,
              fix: {
                command: `ulimit -n ${Math.max(4096, needed)}`,
                says: 'Raise the limit in the shell that trains.',
              },
            },
          ];
    },
  },
  {
    id: 'M7',
    name: 'disk-space',
    group: 'machine',
    severity: 'wasteful',
    title: 'The disk has no room for the checkpoints',
    looksAt: 'free bytes at experiment.output_dir, the size of a checkpoint, training.keep_checkpoints',
    evidence: 'both',
    cause: 'Saving would fail in the middle of the run.',
    fix: '`bgb doctor CONFIG --write training.keep_checkpoints=1`, or experiment.output_dir on another disk; or remove old runs',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      if (config === null) return [];
      const { output_dir } = config.loaded.config.experiment;
      const free = subject.machine.freeBytes(output_dir);
      const one = checkpointBytes(subject, config);
      if (free === null || one === null) return [];
      // The kept ones, the best one, and the one that is being written.
      const needed = one * (config.loaded.config.training.keep_checkpoints + 2);
      return free >= needed
        ? []
        : [
            {
              evidence: `${gib(free)} free at ${output_dir}; the checkpoints take ${gib(needed)}`,
              fix: {
                command: roomFor(one, needed, config, subject),
                says: 'Keep fewer checkpoints, write the run to another disk, or remove old runs.',
              },
            },
          ];
    },
  },
  {
    id: 'M8',
    name: 'cache-space',
    group: 'machine',
    severity: 'wasteful',
    title: 'The disk has no room for the rest of the cache',
    looksAt: 'recordings without an entry, the bytes of an entry so far, and free bytes at data.cache_dir',
    evidence: 'what is needed, and what is free',
    cause: 'The build would fail before its end.',
    fix: '`cp -r` to a larger disk, `bgb doctor CONFIG --write data.cache_dir=FOLDER`, and build',
    look: (subject) => {
      const { cache, recordings, config } = subject;
      if (cache === null || recordings === null || config === null) return [];
      const free = subject.machine.freeBytes(cache.folder);
      const entries = cache.splits.reduce((sum, { survey }) => sum + survey.entries.size, 0);
      const bytes = cache.splits.reduce((sum, split) => sum + sampleBytes(split), 0);
      const left = unbuilt(subject).length;
      if (free === null || entries === 0 || left <= 0) return [];
      const needed = (bytes / entries) * left;
      return free >= needed
        ? []
        : [
            {
              about: cache.folder,
              evidence: `${left} recordings are left, about ${gib(needed)} by the ${entries} that are there; ${gib(free)} free`,
              fix: {
                command: onLargerDisk(cache.folder, bytes + needed, config, subject),
                says: 'Copy what is built to a larger disk, name that in data.cache_dir, and build there.',
              },
            },
          ];
    },
  },
  {
    id: 'M9',
    name: 'residency-memory',
    group: 'machine',
    severity: 'worthless result',
    title: 'The samples do not fit where data.residency puts them',
    looksAt: 'data.residency, bytes of the samples, memory of host and GPU',
    evidence: 'all three',
    cause: 'The residency was chosen for another machine or another cache.',
    fix: '`bgb doctor CONFIG --write data.residency=auto`',
    look: (subject) => {
      const config = configHere(subject);
      const bytes = corpusBytesIn(subject);
      if (config === null || bytes === null || subject.computing === null) return [];
      const { data } = config.loaded.config;
      const device =
        deviceOf(config, subject) === 'cpu' ? null : (subject.machine.gpus[0]?.freeBytes ?? null);
      const room =
        data.residency === 'device' ? (device ?? subject.machine.memoryBytes) : subject.machine.memoryBytes;
      if (data.residency === 'auto' || data.residency === 'disk' || bytes <= room) return [];
      return [
        {
          evidence: `data.residency ${data.residency}; ${gib(bytes)} of samples, ${gib(room)} of memory`,
          fix: {
            command: subject.commands.write(config.path, ['data.residency=auto']),
            says: 'Let bgb choose: the GPU, memory or disk, by what fits.',
          },
        },
      ];
    },
  },
  {
    id: 'M10',
    name: 'clock',
    group: 'machine',
    severity: 'note',
    title: "The machine's clock is wrong",
    looksAt: 'the time now, and the times that the run wrote',
    evidence: 'both',
    cause: 'The clock was set back, or was never set: signs of life and orders of runs mislead.',
    fix: '`sudo hwclock -s` under WSL2, or switch on network time',
    look: ({ run, now, machine }) => {
      const last = run?.status.lastAt ?? run?.fingerprint.createdAt ?? null;
      const ahead = last === null ? 0 : Date.parse(last) - now.getTime();
      if (ahead < 5 * 60_000 && now.getFullYear() >= EARLIEST_YEAR) return [];
      return [
        {
          evidence: `now ${now.toISOString()}${last === null ? '' : `; the run wrote at ${last}`}`,
          fix:
            machine.wsl === null
              ? { command: 'sudo timedatectl set-ntp true', says: 'Let the clock follow the network.' }
              : { command: 'sudo hwclock -s', says: 'WSL2 loses time while Windows sleeps: set its clock.' },
        },
      ];
    },
  },
  {
    id: 'H13',
    name: 'output-not-writable',
    group: 'machine',
    severity: 'worthless result',
    title: 'The run folder cannot be written',
    looksAt: 'rights of experiment.output_dir, or of the folder above it that is there',
    evidence: 'the folder',
    cause: 'A mount is read-only, or the folder is of another user.',
    fix: '`bgb doctor CONFIG --write experiment.output_dir=FOLDER`',
    look: (subject) => {
      const config = configHere(subject);
      if (config === null) return [];
      let there = resolve(config.loaded.config.experiment.output_dir);
      while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
      if (subject.machine.isWritable(there)) return [];
      return [
        {
          evidence: `${there} cannot be written${mountAt(subject.machine, there) === null ? '' : ` (${mountAt(subject.machine, there)!.file_system})`}`,
          fix: {
            command: subject.commands.write(config.path, [
              `experiment.output_dir=results/${config.loaded.config.experiment.name}`,
            ]),
            says: 'Write the run somewhere else, or change the rights.',
          },
        },
      ];
    },
  },
  {
    id: 'H10',
    name: 'progress-bars',
    group: 'machine',
    severity: 'note',
    title: 'Progress bars in a log',
    looksAt: 'log files of the run; in the cloud, whether progress would go to a terminal',
    evidence: 'the files, or the variable that is not set',
    cause: 'Bars redraw their line, which a log keeps as thousands of pieces.',
    fix: '`export BGB_DISABLE_TQDM=1`',
    look: ({ run, machine, environment }) => {
      const fix = {
        command: 'export BGB_DISABLE_TQDM=1',
        says: 'Progress is then a line from time to time.',
      };
      const found: Found[] = [];
      if (machine.isCloud && machine.hasTerminal && !environment.isProgressPlain)
        found.push({ evidence: 'a terminal in the cloud, and BGB_DISABLE_TQDM is not set', fix });
      if (run !== null && run.barred.length > 0)
        found.push({
          evidence: `${run.barred.join(', ')}`,
          fix: {
            ...fix,
            command: [
              fix.command,
              ...run.barred.map((path) => `sed -i -e 's/.*\\r//' -e 's/\\x1b\\[2K//g' ${path}`),
            ].join(' && '),
          },
        });
      return found;
    },
  },
];

/** bgb is younger. */
const EARLIEST_YEAR = 2024;
