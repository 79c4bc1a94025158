import { basename, join } from 'node:path';
import { pathsOf } from '../../config/index.ts';
import { isGoingOn } from '../../runs/index.ts';
import { commandLine, gib, shellWord } from '../../words.ts';
import type { Found } from '../finding.ts';
import { configHere, corpusBytesIn } from '../loader-use.ts';
import { mountAt } from '../machine.ts';
import type { Rule } from '../rule.ts';

/** A value of `.wslconfig`, such as `memory` under `[wsl2]`. */
export function wslSetting(config: string | null, name: string): string | null {
  const found = new RegExp(`^\\s*${name}\\s*=\\s*(.+?)\\s*$`, 'im').exec(config ?? '');
  return found?.[1] ?? null;
}

/** Copies a folder, if it is there yet, and then does what comes next. */
function moving(from: string, to: string, next: string | null): string {
  const copy = `if [ -d ${shellWord(from)} ]; then ${commandLine('cp', '-r', `${from}/.`, to)}; fi`;
  return [commandLine('mkdir', '-p', to), copy, ...(next === null ? [] : [next])].join(' && ');
}

/** Linux under Windows. */
export const WSL: readonly Rule[] = [
  {
    id: 'W1',
    name: 'wsl-windows-drive',
    group: 'WSL2',
    severity: 'wasteful',
    title: 'Data lie on a drive of Windows',
    looksAt: 'the file systems of data.cache_dir, data.data_dir and experiment.output_dir under WSL2',
    evidence: 'the path, its mount point and type',
    cause: 'Each read crosses the border to Windows, ten to a hundred times as slow as a disk of Linux.',
    fix: '`cp -r` to a folder of Linux, then `bgb doctor CONFIG --write data.cache_dir=FOLDER`',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      if (config === null || subject.machine.wsl === null) return [];
      return pathsOf(config.loaded.config).flatMap(([field, path]): Found[] => {
        const mount = mountAt(subject.machine, path);
        // Recordings are read once, and their cache again and again.
        if (mount?.kind !== 'windows' || field === 'data.data_dir') return [];
        const target = subject.localFolder === null ? null : join(subject.localFolder, basename(path));
        return [
          {
            evidence: `${field} is ${path}, on ${mount.mount_point} (${mount.file_system})`,
            fix: {
              command: target === null ? null : moving(path, target, subject.commands.write(config.path, [`${field}=${target}`])), // biome-ignore format: one line
              says: 'Copy it to a disk of Linux once, and name that.',
            },
          },
        ];
      });
    },
  },
  {
    id: 'W2',
    name: 'wsl-memory',
    group: 'WSL2',
    severity: 'wasteful',
    title: 'WSL2 has too little memory to hold the samples',
    looksAt: 'data.residency host, bytes of the samples, and the memory that .wslconfig gives',
    evidence: 'all three',
    cause: 'WSL2 gets half of the memory of Windows unless .wslconfig says otherwise.',
    fix: 'memory=NGB under [wsl2] in .wslconfig and `wsl.exe --shutdown`; or `--write data.residency=auto`',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      const bytes = corpusBytesIn(subject);
      const { wsl, memoryBytes } = subject.machine;
      if (config === null || wsl === null || bytes === null) return [];
      const isHost = config.loaded.config.data.residency === 'host';
      if (!isHost || bytes <= memoryBytes / 2 || bytes > memoryBytes) return [];
      return [
        {
          evidence: `data.residency host; ${gib(bytes)} of samples, ${gib(memoryBytes)} of memory (.wslconfig: ${wslSetting(wsl.config, 'memory') ?? 'memory is not set'})`,
          fix: {
            command: subject.commands.write(config.path, ['data.residency=auto']),
            says: `Let bgb choose; or set memory=${Math.ceil((2.5 * bytes) / 2 ** 30)}GB under [wsl2] in .wslconfig and run wsl.exe --shutdown.`,
          },
        },
      ];
    },
  },
  {
    id: 'W3',
    name: 'wsl-idle',
    group: 'WSL2',
    severity: 'note',
    title: 'Windows may end WSL2, and the run with it',
    looksAt: 'a run that goes on under WSL2, and vmIdleTimeout in .wslconfig',
    evidence: 'the setting',
    cause:
      'WSL2 shuts down a minute after its last terminal has closed, also with processes in the background.',
    fix: 'vmIdleTimeout=-1 under [wsl2] in .wslconfig; or keep a terminal open: `tmux new -d "bgb attach RUN"`',
    look: ({ run, machine: { wsl } }) => {
      if (wsl === null || run === null || !isGoingOn(run.status.state)) return [];
      const timeout = wslSetting(wsl.config, 'vmIdleTimeout');
      return timeout !== null && Number(timeout) < 0
        ? []
        : [
            {
              evidence: `.wslconfig: vmIdleTimeout ${timeout ?? 'is not set'}; the run is going on`,
              fix: {
                command: null,
                says: 'Set vmIdleTimeout=-1 under [wsl2] in %UserProfile%\\.wslconfig and run wsl.exe --shutdown when nothing trains; until then keep a terminal open.',
              },
            },
          ];
    },
  },
];
