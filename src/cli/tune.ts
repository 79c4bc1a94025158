import { type Command, Option } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('tune')
    .description('choose thresholds for a false-alarm rate and freeze them in a new checkpoint')
    .argument('<checkpoint>', 'a run folder, or a checkpoint of one')
    .argument('<data>', 'what to tune on: a cache, or a folder of recordings with annotations')
    .requiredOption('--fa-per-24h <number>', 'false alarms per 24 h of recorded EEG, at most')
    .requiredOption('--output <checkpoint>', 'the new checkpoint: a .json file, or a folder for it')
    .option('--set-name <name>', 'what the set is called; of a cache with splits, which one', 'dev')
    .addOption(
      new Option('--device <device>', 'where to compute').choices(['auto', 'cpu', 'cuda']).default('auto'),
    )
    .option('--force', 'also predict recordings of another reference than the model was trained on')
    .option('--patient-pattern <expression>', 'whose recordings these are (data.patient_pattern)')
    .option(...JSON_OPTION)
    .action(async (checkpoint: string, data: string, options: TuneOptions) => {
      const { tune } = await import('./tune-action.ts');
      await tune(checkpoint, data, options);
    });
}

export interface TuneOptions {
  readonly faPer24h: string;
  readonly output: string;
  readonly setName: string;
  readonly device: 'auto' | 'cpu' | 'cuda';
  readonly force?: boolean;
  readonly patientPattern?: string;
  readonly json?: boolean;
}
