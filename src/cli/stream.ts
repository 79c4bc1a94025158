import { type Command, Option } from 'commander';
import { parseSeconds } from './seconds.ts';

export function register(program: Command): void {
  program
    .command('stream')
    .description('find seizures while recording: samples in, one JSON line for each event once it is certain')
    .argument('<checkpoint>', 'a run folder, or a checkpoint of one; trained with causal preprocessing')
    .option('--edf <file>', 'read a recording from a file (EDF or BDF), not from standard input')
    .option('--follow', 'go on at the end of the file, which is still being written')
    .addOption(
      new Option('--idle-timeout <s>', 'with --follow: end when nothing was written for so long')
        .argParser(parseSeconds)
        .default(60),
    )
    .option('--channels <labels>', 'plain numbers on standard input: their labels, as Fp1-REF,F3-REF,...')
    .addOption(new Option('--sample-rate <hz>', 'of plain numbers').argParser((text) => Number(text)))
    .addOption(
      new Option('--format <format>', 'of plain numbers: little-endian microvolts, interleaved')
        .choices(['float32', 'float64'])
        .default('float32'),
    )
    .option('--early', 'also a provisional line after each window: what its end looks like so far')
    .addOption(
      new Option('--device <device>', 'where to compute').choices(['auto', 'cpu', 'cuda']).default('auto'),
    )
    .option('--force', 'also a recording of another reference than the model was trained on')
    .option('--json', 'as always: standard output holds JSON lines only')
    .addHelpText(
      'after',
      '\nWithout --edf and --channels standard input is an EDF or BDF recording. Events equal those of bgb predict.',
    )
    .action(async (checkpoint: string, options: StreamOptions) => {
      const { stream } = await import('./stream-action.ts');
      await stream(checkpoint, options);
    });
}

export interface StreamOptions {
  readonly edf?: string;
  readonly follow?: boolean;
  readonly idleTimeout: number;
  readonly channels?: string;
  readonly sampleRate?: number;
  readonly format: 'float32' | 'float64';
  readonly early?: boolean;
  readonly device: 'auto' | 'cpu' | 'cuda';
  readonly force?: boolean;
  readonly json?: boolean;
}
