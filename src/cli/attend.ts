import type { Command } from 'commander';

/** Started where a run lives, by what started the run: not in `--help`. */
export function register(program: Command): void {
  program
    .command('attend', { hidden: true })
    .description('stand beside a run that was started from elsewhere: number its lines, keep how it ends')
    .argument('<job>', 'its job.json')
    .option('--attempt <number>', 'number of this attempt, at least', '1')
    .action(async (job: string, options: AttendCommandOptions) => {
      const { attendCommand } = await import('./attend-action.ts');
      await attendCommand(job, options);
    });
}

export interface AttendCommandOptions {
  readonly attempt: string;
}
