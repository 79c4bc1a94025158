import { type Command, Option } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('model')
    .description('show the layers of a model, what they cost, and what batch fits the device at hand')
    .argument('<config>', 'configuration file (YAML)')
    .addOption(
      new Option('--device <device>', 'overrides experiment.device').choices(['auto', 'cpu', 'cuda']),
    )
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (path: string, options: ModelOptions) => {
      const { modelCommand } = await import('./model-action.ts');
      await modelCommand(path, options);
    });
}

export interface ModelOptions {
  readonly device?: string;
  readonly set: string[];
  readonly json?: boolean;
}
