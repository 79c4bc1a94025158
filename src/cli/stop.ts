import { type Command, InvalidArgumentError } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('stop')
    .description('stop a run of this machine: it saves first, and --resume goes on')
    .argument('<run>', 'a run folder, or the name of one')
    .option('--wait <seconds>', 'how long to wait for it to end; 0: not at all', waitOption, 600)
    .option('--in <folder>', 'where runs are looked for by name', 'results')
    .option(...JSON_OPTION)
    .action(async (run: string, options: StopOptions) => {
      const { stop } = await import('./stop-action.ts');
      await stop(run, options);
    });
}

export interface StopOptions {
  /** s */
  readonly wait: number;
  readonly in: string;
  readonly json?: boolean;
}

function waitOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0 && Number.isFinite(seconds)))
    throw new InvalidArgumentError('expected seconds, 0 or more.');
  return seconds;
}
