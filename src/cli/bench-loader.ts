import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('bench-loader')
    .description('measure what the loader delivers and what the model needs; trains nothing, writes no run')
    .argument('<config>', 'configuration file (YAML), as for train')
    .option('--seconds <s>', 'how long loader and model are measured, each', '3')
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (path: string, options: BenchLoaderOptions) => {
      const { benchLoaderCommand } = await import('./bench-loader-action.ts');
      await benchLoaderCommand(path, options);
    });
}

export interface BenchLoaderOptions {
  readonly seconds: string;
  readonly set: string[];
  readonly json?: boolean;
}
