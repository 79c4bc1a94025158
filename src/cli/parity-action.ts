import { InputError } from '../errors.ts';
import {
  type ConfigurationComparison,
  compareConfigurations,
  compareRuns,
  isRun,
  sideOf,
} from '../parity/index.ts';
import { SaidAlready } from './exit.ts';
import { writeJson } from './output.ts';
import type { ParityOptions } from './parity.ts';
import { configurationsDocument, runsDocument } from './parity-document.ts';
import { runsText } from './parity-run-text.ts';
import { configurationsText } from './parity-text.ts';

/** Compares two configurations or runs, or probes this machine. @throws SaidAlready 1 unless all that differs is allowed */
export async function parity(
  a: string | undefined,
  b: string | undefined,
  options: ParityOptions,
): Promise<void> {
  if (options.probe !== undefined) {
    if (a !== undefined) throw misused(`--probe takes one configuration and nothing beside it, found '${a}'`);
    const { probe } = await import('./parity-probe-action.ts');
    return await probe(options.probe, options);
  }
  const alone = (['steps', 'output', 'against'] as const).find((name) => options[name] !== undefined);
  if (alone !== undefined) throw misused(`--${alone} belongs to --probe CONFIG`);
  if (a === undefined || b === undefined)
    throw misused(
      `expected two configurations or runs, or --probe CONFIG, found ${a === undefined ? 'none' : 'one'}`,
    );
  const [one, other] = [await sideOf(a, options.set), await sideOf(b, options.set)];
  const settings = { isAllShown: options.all === true };
  if (isRun(one) && isRun(other)) {
    const comparison = await compareRuns(one, other);
    if (options.json) writeJson(runsDocument(one, other, comparison));
    else process.stdout.write(runsText(comparison, settings));
    return end(comparison.verdict);
  }
  const comparison = compareConfigurations(one, other);
  if (options.json) writeJson(configurationsDocument(one, other, comparison));
  else process.stdout.write(configurationsText(one, other, comparison, settings));
  end(comparison.verdict);
}

function end(verdict: ConfigurationComparison['verdict']): void {
  if (verdict === 'different' || verdict === 'suspicious') throw new SaidAlready(1);
}

function misused(what: string): InputError {
  return new InputError('CLI_PARITY', `bgb parity: ${what}. See bgb parity --help.`);
}
