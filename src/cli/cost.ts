import { createInterface } from 'node:readline';
import { InputError } from '../errors.ts';
import { pricePerHour, type Resources } from '../modal/index.ts';
import { Interruption } from './exit.ts';

/** What is about to be paid for. */
export interface Cost {
  readonly resources: Pick<Resources, 'gpu' | 'cpu' | 'memory_mib' | 'timeout_s'>;
  /** How many such containers at most, each until its time limit. */
  readonly containers: number;
}

/** USD that nobody is asked about: less than a coffee. */
const TRIVIAL_USD = 2;

/**
 * Says what something costs by list price, and asks whether to start it unless that was agreed to or is trivial.
 *
 * @param isAgreed --yes
 * @throws InputError `MODAL_COST` without a yes, or where nobody can be asked; Interruption on Ctrl-C
 */
export async function agreeToCost({ resources, containers }: Cost, isAgreed: boolean): Promise<void> {
  const { gpu, cpu, memory_mib, timeout_s } = resources;
  const price = pricePerHour(resources);
  const most = (containers * price * timeout_s) / 3600;
  const each = containers > 1 ? ` for each of ${containers} containers` : '';
  process.stderr.write(
    `${gpu ?? 'No GPU'}, ${cpu} cores, ${memory_mib / 1024} GiB, at most ${timeout_s / 3600} h: about $${price.toFixed(2)} an hour${each} by list price, $${most.toFixed(most < 10 ? 2 : 0)} ${containers > 1 ? 'in all' : 'an attempt'} at most (https://modal.com/pricing).\n`,
  );
  if (isAgreed || most <= TRIVIAL_USD) return;
  // Whoever cannot see the question cannot answer it.
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw new InputError(
      'MODAL_COST',
      'Not started: this is no terminal, and nobody can be asked whether to pay that. Give --yes to agree to it.',
    );
  if (!/^y(es)?$/i.test((await answerTo('Start it? [y/N] ')).trim()))
    throw new InputError('MODAL_COST', 'Not started.');
}

/** What is typed at the terminal; nothing where it is closed (Ctrl-D). @throws Interruption on Ctrl-C */
async function answerTo(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      const end = (why: () => void) => {
        process.stderr.write('\n');
        why();
      };
      lines.once('SIGINT', () => end(() => reject(new Interruption('SIGINT', 'Not started.'))));
      lines.once('close', () => end(() => resolve('')));
      lines.question(question, (answer) => {
        lines.removeAllListeners('close');
        resolve(answer);
      });
    });
  } finally {
    lines.removeAllListeners('close');
    lines.close();
  }
}
