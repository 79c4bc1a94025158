import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('demo')
    .description('run the main path on the real EEG sample: cache, training, scores, report')
    .option('--quick', 'one fold and one seed (the default)')
    .option('--full', 'leave out each patient in turn, with three seeds')
    .option('--output <dir>', 'folder for everything it writes; replaced', 'results/demo')
    .addOption(setOption())
    .option(...JSON_OPTION)
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo-action.ts');
      await demo(options);
    });
}

export interface DemoOptions {
  readonly full?: boolean;
  readonly quick?: boolean;
  readonly output: string;
  readonly set: string[];
  readonly json?: boolean;
}
