import { type Command, Option } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('predict')
    .description('find seizures in recordings with a trained model; one annotation file each')
    .argument('<checkpoint>', 'a run folder, or a checkpoint of one')
    .argument('[input]', 'a recording, or a folder of recordings such as a BIDS tree; else INPUT says')
    .option('--output <dir>', 'where annotation files are written; for one recording also the file itself')
    .addOption(
      new Option('--format <format>', 'csv_bi (TUSZ), szcore (BIDS events.tsv) or json (bgb)').choices([
        'csv_bi',
        'szcore',
        'json',
      ]),
    )
    .addOption(
      new Option('--device <device>', 'where to compute').choices(['auto', 'cpu', 'cuda']).default('auto'),
    )
    .option('--force', 'also predict recordings of another reference than the model was trained on')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      '\nWithout [input], as in a container of the SzCORE board: INPUT below /data, OUTPUT below /output, format szcore.',
    )
    .action(async (checkpoint: string, input: string | undefined, options: PredictOptions) => {
      const { predict } = await import('./predict-action.ts');
      await predict(checkpoint, input, options);
    });
}

export interface PredictOptions {
  readonly output?: string;
  readonly format?: 'csv_bi' | 'szcore' | 'json';
  readonly device: 'auto' | 'cpu' | 'cuda';
  readonly force?: boolean;
  readonly json?: boolean;
}
