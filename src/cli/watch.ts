import { type Command, InvalidArgumentError } from 'commander';

export function register(program: Command): void {
  program
    .command('watch')
    .description('follow a run: curves, speed, time left; ends when the run ends, with its exit code')
    .argument('<run>', 'a run folder, or the name of one')
    .option('--plain', 'a line per interval, also on a terminal')
    .option('--interval <seconds>', 'seconds between two lines', secondsOption, 30)
    .option('--in <folder>', 'where runs are looked for by name', 'results')
    .option('--json', 'print one JSON document a line per interval')
    .action(async (run: string, options: WatchOptions) => {
      const { watch } = await import('./watch-action.ts');
      await watch(run, options);
    });
}

export interface WatchOptions {
  readonly plain?: boolean;
  /** s */
  readonly interval: number;
  readonly in: string;
  readonly json?: boolean;
}

/** A number of seconds above 0. */
function secondsOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds > 0 && seconds <= 86_400))
    throw new InvalidArgumentError('expected seconds above 0, up to a day.');
  return seconds;
}
