import { Command, CommanderError } from 'commander';
import { register as attach } from './attach.ts';
import { register as attend } from './attend.ts';
import { register as benchLoader } from './bench-loader.ts';
import { register as buildBridge } from './build-bridge.ts';
import { register as buildCache } from './build-cache.ts';
import { register as checkPlace } from './check-place.ts';
import { register as convertCache } from './convert-cache.ts';
import { register as demo } from './demo.ts';
import { register as doctor } from './doctor.ts';
import { register as edf } from './edf.ts';
import { register as evaluate } from './evaluate.ts';
import { exitCodeOf } from './exit.ts';
import { register as modal } from './modal.ts';
import { register as model } from './model.ts';
import { register as parity } from './parity.ts';
import { register as predict } from './predict.ts';
import { register as runs } from './runs.ts';
import { register as scanCache } from './scan-cache.ts';
import { register as score } from './score.ts';
import { register as stop } from './stop.ts';
import { register as stream } from './stream.ts';
import { register as synth } from './synth.ts';
import { register as train } from './train.ts';
import { register as tune } from './tune.ts';
import { register as validate } from './validate.ts';
import { version } from './version.ts';
import { register as watch } from './watch.ts';

/**
 * The commands, in the order of `--help`. Each file registers one: its name, options and help, nothing heavy. What
 * it does is imported in its action, so that `--help` answers at once and loads no libtorch.
 */
const COMMANDS: readonly ((program: Command) => void)[] = [
  validate,
  doctor,
  edf,
  buildCache,
  scanCache,
  convertCache,
  benchLoader,
  model,
  synth,
  train,
  runs,
  watch,
  attach,
  stop,
  evaluate,
  tune,
  predict,
  stream,
  score,
  parity,
  demo,
  modal,
  buildBridge,
  attend,
  checkPlace,
];

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 the input cannot be used, 130 interrupted with Ctrl-C.
Results go to standard output, all else to standard error.`;

/** The command line as commander knows it. */
export function createProgram(): Command {
  const program = new Command('bgb')
    .description('Trains, checks and runs EEG seizure detectors.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', EXIT_CODES)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bgb: ')) })
    .exitOverride();
  for (const register of COMMANDS) register(program);
  return program;
}

/** Runs a command line (without the program's name) and says the exit code. */
export async function runProgram(parameters: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) endQuietlyWithReader(stream);
  try {
    await createProgram().parseAsync(parameters, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return await exitCodeOf(error, (text) => process.stderr.write(text));
  }
}

/**
 * `bgb scan-cache | head` closes the pipe: not an error worth a stack. Nor is a terminal that was closed (EIO), which sends
 * SIGHUP: a training then saves.
 */
function endQuietlyWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO') return;
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? 0);
  });
}
