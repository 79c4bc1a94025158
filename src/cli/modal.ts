import type { Command } from 'commander';
import { type PlaceOptions, placeOptions, type RunOptions, runOptions, yesOption } from './modal-options.ts';
import { JSON_OPTION } from './output.ts';

/** `bgb modal ...`: each works from a run's name alone, on any machine with the same account. */
export function register(program: Command): void {
  const modal = program
    .command('modal')
    .description('runs at Modal by name: status, logs, stop, resume, pull, push, and commands that run there')
    .helpCommand(false);
  const command = (name: string, description: string) => {
    const added = modal.command(name).description(description);
    for (const option of placeOptions()) added.addOption(option);
    return added;
  };
  command('status', 'how runs stand; of one, all of it')
    .argument('[run]', "the run's name: the last part of its output_dir")
    .option(...JSON_OPTION)
    .action(async (run: string | undefined, options: PlaceOptions & { json?: boolean }) => {
      await (await actions()).status(run ?? null, options);
    });
  command('logs', "a run's lines, from the first")
    .argument('<run>', "the run's name")
    .option('-f, --follow', 'stay until it ends; goes on with one that is interrupted meanwhile')
    .action(async (run: string, options: PlaceOptions & { follow?: boolean }) => {
      await (await actions()).logs(run, options);
    });
  command('stop', 'have a run save and stop')
    .argument('<run>', "the run's name")
    .action(async (run: string, options: PlaceOptions) => {
      await (await actions()).stopRun(run, options);
    });
  command('resume', 'go on with a run that was interrupted, stopped or failed, and follow it')
    .argument('<run>', "the run's name")
    .option('--detach', 'leave it running')
    .addOption(yesOption())
    .action(async (run: string, options: PlaceOptions & { detach?: boolean; yes?: boolean }) => {
      await (await actions()).resume(run, options);
    });
  command('pull', "fetch a run's folder; can be interrupted and repeated")
    .argument('<run>', "the run's name")
    .option('--to <dir>', 'folder for it (results/RUN)')
    .option(...JSON_OPTION)
    .action(async (run: string, options: PlaceOptions & { to?: string; json?: boolean }) => {
      await (await actions()).pullRun(run, options);
    });
  command('push', 'bring a cache there; can be interrupted and repeated')
    .argument('<cache>', 'folder of a cache')
    .option('--to <path>', 'where it goes (/results/cache/NAME)')
    .option(...JSON_OPTION)
    .action(async (cache: string, options: PlaceOptions & { to?: string; json?: boolean }) => {
      await (await actions()).pushCache(cache, options);
    });
  command('shell', 'a shell in a small container that sees /results and /data').action(
    async (options: PlaceOptions) => {
      await (await actions()).shell(options);
    },
  );
  for (const [name, description] of Object.entries(THERE)) {
    const there = command(name, description)
      .argument('[words...]', `as for bgb ${name}, with paths in /data and /results`)
      .allowUnknownOption();
    for (const option of runOptions()) there.addOption(option);
    if (name === 'build-cache')
      there.option('--workers <number>', 'containers that build, each its own entries (4)');
    there.action(async (words: string[], options: ThereOptions) => {
      await (await actions()).runThere(name, words, options);
    });
  }
}

/** Commands that run there as they do here. */
const THERE = {
  'build-cache': 'bgb build-cache there, by several containers',
  'scan-cache': 'bgb scan-cache there',
  doctor: 'bgb doctor there',
  parity: 'bgb parity there, such as --probe',
} as const;

export interface ThereOptions extends PlaceOptions, RunOptions {
  readonly workers?: string;
}

async function actions() {
  return await import('./modal-action.ts');
}
