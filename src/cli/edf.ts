import type { Command } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('edf')
    .description('show what is in an EDF or BDF recording')
    .argument('<file>', 'recording')
    .option(
      '--npy <dir>',
      'write each signal in physical units as float64 .npy, and index.json, into a folder',
    )
    .option(...JSON_OPTION)
    .action(async (path: string, options: EdfOptions) => {
      const { edfCommand } = await import('./edf-action.ts');
      await edfCommand(path, options);
    });
}

export interface EdfOptions {
  readonly npy?: string;
  readonly json?: boolean;
}
