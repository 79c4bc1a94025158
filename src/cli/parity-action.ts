import { compareConfigurations, configurationSide } from '../parity/index.ts';
import { SaidAlready } from './exit.ts';
import { writeJson } from './output.ts';
import type { ParityOptions } from './parity.ts';
import { configurationsDocument } from './parity-document.ts';
import { configurationsText } from './parity-text.ts';

/** Compares two configurations and prints what differs. @throws SaidAlready 1 unless all of it is allowed */
export async function parity(a: string, b: string, options: ParityOptions): Promise<void> {
  const [one, other] = [await configurationSide(a, options.set), await configurationSide(b, options.set)];
  const comparison = compareConfigurations(one, other);
  if (options.json) writeJson(configurationsDocument(one, other, comparison));
  else process.stdout.write(configurationsText(one, other, comparison, { isAllShown: options.all === true }));
  if (comparison.verdict === 'different') throw new SaidAlready(1);
}
