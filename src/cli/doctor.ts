import { type Command, Option } from 'commander';
import { JSON_OPTION, setOption } from './output.ts';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('find what is wrong with a configuration, a run, a cache or this machine, and what mends it')
    .argument('[path]', 'a configuration (YAML), a run folder, a cache or a folder of recordings')
    .option('--fix', 'mend what is safe: manifests, temporary files, damaged checkpoints; says what first')
    .option('--deep', 'read every cache entry whole and compare its checksums')
    .addOption(
      new Option(
        '--write <field=value>',
        'only write this field into the configuration file, or += to a list; comments stay (repeatable)',
      )
        .argParser((assignment: string, before: readonly string[]) => [...before, assignment])
        .default([], 'none'),
    )
    .addOption(setOption())
    .option(...JSON_OPTION)
    .addHelpText('after', '\nExit codes: 0 nothing is wrong, 1 findings, 2 it could not be looked at.')
    .action(async (path: string | undefined, options: DoctorOptions) => {
      const { doctorCommand } = await import('./doctor-action.ts');
      await doctorCommand(path ?? null, options);
    });
}

export interface DoctorOptions {
  readonly fix?: boolean;
  readonly deep?: boolean;
  readonly write: readonly string[];
  readonly set: string[];
  readonly json?: boolean;
}
