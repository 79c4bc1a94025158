import { InputError } from '../errors.ts';
import { compareConfigurations, configurationSide } from '../parity/index.ts';
import { SaidAlready } from './exit.ts';
import { writeJson } from './output.ts';
import type { ParityOptions } from './parity.ts';
import { configurationsDocument } from './parity-document.ts';
import { configurationsText } from './parity-text.ts';

/** Compares two configurations, or probes this machine. @throws SaidAlready 1 unless all that differs is allowed */
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
      `expected two configurations, or --probe CONFIG, found ${a === undefined ? 'none' : 'one'}`,
    );
  const [one, other] = [await configurationSide(a, options.set), await configurationSide(b, options.set)];
  const comparison = compareConfigurations(one, other);
  if (options.json) writeJson(configurationsDocument(one, other, comparison));
  else process.stdout.write(configurationsText(one, other, comparison, { isAllShown: options.all === true }));
  if (comparison.verdict === 'different') throw new SaidAlready(1);
}

function misused(what: string): InputError {
  return new InputError('CLI_PARITY', `bgb parity: ${what}. See bgb parity --help.`);
}
