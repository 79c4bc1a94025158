import type { Command } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('build-bridge')
    .description('compile the bridge to the libtorch of this machine, where that is not done yet')
    .option(...JSON_OPTION)
    .action(async (options: { json?: boolean }) => {
      const { buildBridgeCommand } = await import('./build-bridge-action.ts');
      buildBridgeCommand(options);
    });
}
