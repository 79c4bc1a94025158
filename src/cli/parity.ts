import type { Command } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

const MORE = `
A machine that should compute what another one does:
  bgb parity --probe CONFIG --output probe.json     there
  bgb parity --probe CONFIG --against probe.json    here
Exit codes: 0 only allowed differences, 1 others, 2 could not look, 130 interrupted with Ctrl-C.`;

export function register(program: Command): void {
  program
    .command('parity')
    .description('say whether two configurations, runs or machines train the same, and what differs')
    .argument('[a]', 'configuration file (YAML) or run folder')
    .argument('[b]', 'another of either')
    .option('--all', 'list also the differences that nothing follows from')
    .option('--probe <config>', 'train the first steps of a configuration here, in float64 and float32')
    .option('--steps <n>', 'of the probe (50, or as many as the file has)')
    .option('--output <file>', 'write the probe there (probe.json, or nothing with --against)')
    .option('--against <file>', "compare with another machine's probe")
    .addOption(setOption())
    .option(...JSON_OPTION)
    .addHelpText('after', MORE)
    .action(async (a: string | undefined, b: string | undefined, options: ParityOptions) => {
      const { parity } = await import('./parity-action.ts');
      await parity(a, b, options);
    });
}

export interface ParityOptions {
  readonly all?: boolean;
  readonly probe?: string;
  readonly steps?: string;
  readonly output?: string;
  readonly against?: string;
  readonly set: string[];
  readonly json?: boolean;
}
