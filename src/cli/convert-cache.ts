import type { Command } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('convert-cache')
    .description('write a cache made elsewhere (.npz files of windows) as entries of bgb')
    .requiredOption('--from <dir>', 'the cache made elsewhere, or one split of it; left as it is')
    .requiredOption('--to <dir>', 'folder of the new cache')
    .option('--patient-pattern <expression>', 'whose the files are, by their paths (data.patient_pattern)')
    .option(...JSON_OPTION)
    .action(async (options: ConvertCacheOptions) => {
      const { convertCacheCommand } = await import('./convert-cache-action.ts');
      await convertCacheCommand(options);
    });
}

export interface ConvertCacheOptions {
  readonly from: string;
  readonly to: string;
  readonly patientPattern?: string;
  readonly json?: boolean;
}
