import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('validate')
    .description('check a configuration; print every value and where it comes from')
    .argument('<config>', 'configuration file (YAML)')
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (path: string, options: { set: string[]; json?: boolean }) => {
      const { validate } = await import('./validate-action.ts');
      await validate(path, { set: options.set, isJson: options.json === true });
    });
}
