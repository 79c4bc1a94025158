import type { Command } from 'commander';
import { setOption } from './output.ts';

/** Typed by what starts a cloud run: not in `--help`. */
export function register(program: Command): void {
  program
    .command('check-place', { hidden: true })
    .description('check, where a cloud run will be, that it is what the launching side thinks')
    .argument('<config>', 'configuration file (YAML)')
    .addOption(setOption())
    .option('--code <path>', 'the packed code there')
    .option('--code-hash <hash>', 'as it was sent')
    .requiredOption('--config-hash <hash>', 'as the launching side has it')
    .requiredOption('--gpu <gpu>', 'as asked for')
    .requiredOption('--results <folder>', 'mount of the results')
    .requiredOption('--data <folder>', 'mount of the recordings')
    .requiredOption('--timeout <seconds>', 'of an attempt')
    .option('--losses <losses>', 'of a short training on the launching side')
    .option('--no-drill', 'no short training')
    .action(async (config: string, options: CheckPlaceOptions) => {
      const { checkPlace } = await import('./check-place-action.ts');
      await checkPlace(config, options);
    });
}

export interface CheckPlaceOptions {
  readonly set: string[];
  readonly code?: string;
  readonly codeHash?: string;
  readonly configHash: string;
  readonly gpu: string;
  readonly results: string;
  readonly data: string;
  readonly timeout: string;
  readonly losses?: string;
  readonly drill: boolean;
}
