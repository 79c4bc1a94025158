import { type Command, Option } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('predict and score recordings with a trained model')
    .argument('<checkpoint>', 'a run folder, or a checkpoint of one')
    .argument(
      '<data>',
      'a cache (its eval split, else dev, else train), or a folder of recordings with annotations',
    )
    .option(
      '--output <dir>',
      'write evaluation.json, predictions (.csv_bi) and excerpts of what went wrong there',
    )
    .addOption(
      new Option('--device <device>', 'where to compute').choices(['auto', 'cpu', 'cuda']).default('auto'),
    )
    .option('--force', 'also predict recordings of another reference than the model was trained on')
    .option('--patient-pattern <expression>', 'whose recordings these are (data.patient_pattern)')
    .option(...JSON_OPTION)
    .action(async (checkpoint: string, data: string, options: EvaluateOptions) => {
      const { evaluate } = await import('./evaluate-action.ts');
      await evaluate(checkpoint, data, options);
    });
}

export interface EvaluateOptions {
  readonly output?: string;
  readonly device: 'auto' | 'cpu' | 'cuda';
  readonly force?: boolean;
  readonly patientPattern?: string;
  readonly json?: boolean;
}
