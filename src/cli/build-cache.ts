import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('build-cache')
    .description('preprocess recordings into a cache, each once; can be interrupted and repeated')
    .option(
      '--data-dir <dir>',
      'folder with recordings (EDF, BDF) and their annotations (data.data_dir; repeatable)',
      (folder: string, before: readonly string[] | undefined) => [...(before ?? []), folder],
    )
    .requiredOption('--cache-dir <dir>', 'folder for the cache')
    .option(
      '--split <split>',
      'train, dev or eval: what these recordings are; where something divides them, the part to build',
    )
    .option('--validation-split <share>', 'share of patients for dev, where the corpus has no splits (0.2)')
    .option('--fold <k/N>', 'patients of fold k of N go to dev, all others to train')
    .option('--jobs <number>', 'recordings built at once (the usable cores)')
    .option(
      '--shard <k/N>',
      'every N-th recording, k from 1: entries alone; a build without it then completes',
    )
    .option('--config <file>', 'configuration whose preprocessing is used')
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (options: BuildCacheOptions) => {
      const { buildCacheCommand } = await import('./build-cache-action.ts');
      await buildCacheCommand(options);
    });
}

export interface BuildCacheOptions {
  readonly dataDir?: readonly string[];
  readonly cacheDir: string;
  readonly split?: string;
  readonly validationSplit?: string;
  readonly fold?: string;
  readonly jobs?: string;
  readonly shard?: string;
  readonly config?: string;
  readonly set: string[];
  readonly json?: boolean;
}
