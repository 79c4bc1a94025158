import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

const EXIT_CODES = `
Exit codes: 0 only allowed differences, 1 others, 2 could not look, 130 interrupted with Ctrl-C.`;

export function register(program: Command): void {
  program
    .command('parity')
    .description('say whether two configurations are the same training, and what differs')
    .argument('<a>', 'configuration file (YAML)')
    .argument('<b>', 'another')
    .option('--all', 'list also the differences that nothing follows from')
    .addOption(setOption())
    .option(...JSON_OPTION)
    .addHelpText('after', EXIT_CODES)
    .action(async (a: string, b: string, options: ParityOptions) => {
      const { parity } = await import('./parity-action.ts');
      await parity(a, b, options);
    });
}

export interface ParityOptions {
  readonly all?: boolean;
  readonly set: string[];
  readonly json?: boolean;
}
