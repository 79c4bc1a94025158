import type { Command } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('synth')
    .description('make a synthetic corpus in the layout of TUSZ; can be interrupted and repeated')
    .option('--out <dir>', 'folder for the corpus')
    .option('--gate <dir>', 'make none; measure how hard the one in this folder is, exit 1 if it is too easy')
    .option('--profile <profile>', 'tusz (5 % seizure) or emu (0.12 %)', 'tusz')
    .option('--patients <number>', 'patients; a third with seizures in tusz, from 3 on', '15')
    .option('--hours <number>', 'hours of EEG in all; more hours only add recordings', '1')
    .option('--seed <number>', 'the same seed gives the same bytes', '1')
    .option('--jobs <number>', 'recordings made at once (the usable cores)')
    .option(...JSON_OPTION)
    .action(async (options: SynthCommandOptions) => {
      const { synthCommand } = await import('./synth-action.ts');
      await synthCommand(options);
    });
}

export interface SynthCommandOptions {
  readonly out?: string;
  readonly gate?: string;
  readonly profile: string;
  readonly patients: string;
  readonly hours: string;
  readonly seed: string;
  readonly jobs?: string;
  readonly json?: boolean;
}
