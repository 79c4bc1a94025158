import type { Finding, RunComparison } from '../parity/index.ts';
import { type Block, blocksText, configurationBlocks } from './parity-text.ts';

/** More are counted: a cache made otherwise differs in every recording. */
const MOST_LINES = 20;

/** The verdict on two runs and, unless it says all there is to say, what differs. */
export function runsText(
  { verdict, sentence, configuration, environment, data }: RunComparison,
  { isAllShown }: { isAllShown: boolean },
): string {
  const lines = (findings: readonly Finding[]) => findings.map(({ text }) => text);
  const telling = environment.filter(({ effect }) => effect !== 'none');
  const blocks: Block[] = [
    ...configurationBlocks(configuration),
    { heading: 'Data', lines: cut(lines(data), isAllShown) },
    { heading: 'Code and machine', lines: lines(telling) },
    {
      heading: 'Nothing follows from the environment',
      lines: lines(environment.filter((finding) => !telling.includes(finding))),
      isFree: true,
    },
  ];
  const shown = isAllShown ? blocks : blocks.filter(({ isFree }) => !isFree);
  if (verdict === 'same' && !isAllShown) return `${sentence}\n`;
  return `${sentence}\n${blocksText(shown)}`;
}

function cut(lines: readonly string[], isAllShown: boolean): string[] {
  if (isAllShown || lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more; --all lists them`];
}
