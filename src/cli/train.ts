import { type Command, Option } from 'commander';
import { type PlaceOptions, placeOptions, type RunOptions, runOptions } from './modal-options.ts';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  const command = program
    .command('train')
    .description('train a detector on a cache; Ctrl-C saves and stops, --resume goes on')
    .argument('<config>', 'configuration file (YAML)')
    .option('--resume', 'go on with the unfinished run in experiment.output_dir')
    .option(
      '--init-from <checkpoint>',
      'start from these weights: a run, a checkpoint or a .safetensors file',
    )
    .addOption(
      new Option('--device <device>', 'overrides experiment.device').choices(['auto', 'cpu', 'cuda']),
    )
    .option('--force', 'start also where a finding of bgb doctor makes the result worthless')
    .option(
      '--detach',
      'start it so that it outlives this terminal (bgb attach, watch, stop); with --on: leave it once its checks have passed',
    )
    .addOption(new Option('--report-start', 'say over IPC when it has started, as --detach asks').hideHelp())
    .addOption(setOption())
    .option(...JSON_OPTION)
    .addOption(new Option('--on <place>', 'train elsewhere (docs/modal.md)').choices(['modal']))
    .addOption(
      new Option(
        '--backend <backend>',
        'with --on: a sandbox, resumed by who follows it, or a deployed function, by Modal itself (with --detach)',
      ).choices(['sandbox', 'function']),
    );
  for (const option of [...runOptions(), ...placeOptions()]) command.addOption(option);
  command.action(async (path: string, options: TrainOptions) => {
    if (options.on !== undefined) {
      const { trainOnModal } = await import('./train-on-modal-action.ts');
      await trainOnModal(path, options);
      return;
    }
    const { train } = await import('./train-action.ts');
    await train(path, options);
  });
}

export interface TrainOptions extends RunOptions, PlaceOptions {
  readonly on?: 'modal';
  readonly backend?: 'sandbox' | 'function';
  readonly set: string[];
  readonly resume?: boolean;
  readonly initFrom?: string;
  readonly device?: string;
  readonly force?: boolean;
  readonly detach?: boolean;
  /** Over IPC, to the process that detached it. */
  readonly reportStart?: boolean;
  readonly json?: boolean;
}
