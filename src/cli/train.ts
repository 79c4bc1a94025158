import { type Command, Option } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
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
    .option('--detach', 'start it so that it outlives this terminal; see bgb attach, watch, stop')
    .addOption(new Option('--report-start', 'say over IPC when it has started, as --detach asks').hideHelp())
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (path: string, options: TrainOptions) => {
      const { train } = await import('./train-action.ts');
      await train(path, options);
    });
}

export interface TrainOptions {
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
