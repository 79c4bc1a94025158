import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('attach')
    .description("show a run's log and progress until it ends; Ctrl-C leaves it going")
    .argument('<run>', 'a run folder, or the name of one')
    .option('--in <folder>', 'where runs are looked for by name', 'results')
    .action(async (run: string, options: AttachOptions) => {
      const { attach } = await import('./attach-action.ts');
      await attach(run, options);
    });
}

export interface AttachOptions {
  readonly in: string;
}
