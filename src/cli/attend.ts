import type { Command } from 'commander';
import { setOption } from './output.ts';

/** Started where a run lives, by what started the run: not in `--help`. */
export function register(program: Command): void {
  program
    .command('attend', { hidden: true })
    .description('stand beside a run that was started from elsewhere: number its lines, keep how it ends')
    .argument('<job>', 'its job.json, or the configuration of a training that nothing has prepared')
    .option('--attempt <number>', 'number of this attempt, at least', '1')
    .option('--token <token>', 'the same for each attempt of one start')
    .option('--call <id>', 'what the place knows it by, where its name does not find it')
    .option('--limit <seconds>', 'of a configuration: when an attempt saves and ends', '86100')
    .option('--gpu <gpu>', 'of a configuration: which GPU was asked for', 'A100-80GB')
    .addOption(setOption())
    .action(async (job: string, options: AttendCommandOptions) => {
      const { attendCommand } = await import('./attend-action.ts');
      await attendCommand(job, options);
    });
}

export interface AttendCommandOptions {
  readonly attempt: string;
  readonly token?: string;
  readonly call?: string;
  readonly limit: string;
  readonly gpu: string;
  readonly set: string[];
}
