import { fileURLToPath } from 'node:url';
import { checkDevice, inForce, loadConfig, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  compareProbes,
  differingProbeFields,
  incomparable,
  makeProbe,
  type Probe,
  type ProbeComparison,
  readProbe,
  resultFields,
  writeProbe,
} from '../parity/index.ts';
import { isCudaAvailable } from '../torch/index.ts';
import { environmentFingerprint } from '../train/index.ts';
import { commandLine } from '../words.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import type { ParityOptions } from './parity.ts';
import { probeComparisonDocument, probeDocument } from './parity-document.ts';
import { version } from './version.ts';

const STEPS = 50;
const MOST_STEPS = 1000;

/** Trains the first steps of a configuration here; writes what they were, or says whether they are those of a file. */
export async function probe(path: string, options: ParityOptions): Promise<void> {
  const environment = readEnvironment();
  const loaded = await loadConfig(path, { set: options.set, environment });
  announce(inForce(), environment, loaded);
  checkDevice(loaded.config, { cudaAvailable: isCudaAvailable() });
  const against = options.against === undefined ? null : await readProbe(options.against);
  const steps = stepsOf(options.steps, against);
  if (against !== null) {
    // Known before anything is computed.
    const fields = differingProbeFields(against, resultFields(loaded.config));
    if (fields.length > 0) return tell(options.against!, incomparable(fields), options);
  }
  const made = await withProgress(environment, async (onStep) =>
    makeProbe({
      config: loaded.config,
      steps,
      say: (sentence) => process.stderr.write(`Notice: ${sentence}\n`),
      onStep,
      environment: (device, threads) =>
        environmentFingerprint({
          root: fileURLToPath(new URL('../..', import.meta.url)),
          version: version(),
          ...{ device, threads },
        }),
    }),
  );
  const output = options.output ?? (against === null ? 'probe.json' : null);
  if (output !== null) await writeProbe(output, made);
  if (against !== null) return tell(options.against!, compareProbes(against, made), options);
  if (options.json) writeJson(probeDocument(output!, made));
  else
    process.stdout.write(
      `Wrote ${output}: ${steps} steps of ${path} on ${made.made_on.device}. Elsewhere: ${commandLine('bgb', 'parity', '--probe', path, '--against', output!)}\n`,
    );
}

function stepsOf(text: string | undefined, against: Probe | null): number {
  const there = against?.float64.losses.length;
  if (text === undefined) return there ?? STEPS;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MOST_STEPS)
    throw new InputError(
      'CLI_PARITY',
      `--steps: expected a whole number from 1 to ${MOST_STEPS}, found '${text}'.`,
    );
  if (there !== undefined && there !== count)
    throw new InputError(
      'CLI_PARITY',
      `--steps: the file has ${there} steps, and the learning rate goes by their number; leave --steps out.`,
    );
  return count;
}

async function withProgress(
  environment: ReturnType<typeof readEnvironment>,
  body: (onStep: (done: number, total: number, what: string) => void) => Promise<Probe>,
): Promise<Probe> {
  using command = new LongCommand('Probing', 'steps', environment);
  try {
    return await body((done, total, what) => {
      command.update(done, total, what);
      if (command.signal.aborted) throw new Interruption('SIGINT', 'stopped; nothing was written.');
    });
  } finally {
    command.end();
  }
}

function tell(path: string, comparison: ProbeComparison, { json }: ParityOptions): void {
  if (json) writeJson(probeComparisonDocument(path, comparison));
  else process.stdout.write(`${comparison.sentence}\n`);
  if (comparison.verdict !== 'same') throw new SaidAlready(1);
}
