import type { Command } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('runs')
    .description('list runs: state, progress, best metric, speed')
    .argument('[folder]', 'where to look; folders below it are searched', 'results')
    .option(...JSON_OPTION)
    .action(async (folder: string, options: RunsOptions) => {
      const { runs } = await import('./runs-action.ts');
      await runs(folder, options);
    });
}

export interface RunsOptions {
  readonly json?: boolean;
}
