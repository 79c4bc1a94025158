import { basename } from 'node:path';
import { shellWord } from '../words.ts';
import type { DetachedTraining } from './detached-training.ts';

/**
 * What to know of a training that was detached.
 *
 * @param isOnWsl whether Linux itself may be ended with its last window
 */
export function detachedText({ pid, folder, output }: DetachedTraining, isOnWsl: boolean): string {
  const run = shellWord(folder);
  const lines = [
    `Training as process ${pid} in ${folder}; it goes on when this terminal is closed.`,
    `  bgb attach ${run}   its log and progress; Ctrl-C leaves it going`,
    `  bgb watch ${run}    its curves`,
    `  bgb stop ${run}     saves and ends it`,
    `What it prints besides run.log: ${output}`,
    ...(isOnWsl ? wslLines(folder) : []),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * WSL ends a distribution some seconds after its last window is closed, whatever runs in it, and its virtual machine a minute
 * later (instanceIdleTimeout and vmIdleTimeout of Windows' .wslconfig).
 */
function wslLines(folder: string): string[] {
  const session = basename(folder).replaceAll(/[^\w-]/g, '-');
  return [
    'This is WSL: Windows may end Linux, and the training with it, once its last window is closed. So that it survives, either',
    '  - leave a window open, best one that shows the run:',
    `      tmux new -s ${session} bgb attach ${shellWord(folder)}`,
    '    and detach from it with Ctrl-B D without closing the window; or',
    '  - tell Windows to keep Linux, in %UserProfile%\\.wslconfig:',
    '      [wsl2]',
    '      vmIdleTimeout=-1',
    '      [general]',
    '      instanceIdleTimeout=-1',
    '    which holds from the next start of WSL: bgb stop, then wsl --shutdown in Windows, then --resume.',
  ];
}
