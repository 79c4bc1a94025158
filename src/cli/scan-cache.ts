import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('scan-cache')
    .description('list the windows of a cache, or of its splits, in manifest.json')
    .requiredOption('--cache-dir <dir>', 'a cache, or the folder of one split')
    .option('--config <file>', 'configuration whose window and stride are used')
    .option('--check', 'only compare; write nothing')
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (options: ScanCacheOptions) => {
      const { scanCacheCommand } = await import('./scan-cache-action.ts');
      await scanCacheCommand(options);
    });
}

export interface ScanCacheOptions {
  readonly cacheDir: string;
  readonly config?: string;
  readonly check?: boolean;
  readonly set: string[];
  readonly json?: boolean;
}
