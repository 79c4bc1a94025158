import type { ConfigurationComparison, ConfigurationDifference, Side, Stated } from '../parity/index.ts';
import { counted } from '../words.ts';

/** The verdict on two configurations. */
export function configurationsSentence(
  a: Side,
  b: Side,
  { verdict, differences, suspicions }: ConfigurationComparison,
): string {
  const of = (kind: ConfigurationDifference['judgement']['kind']) =>
    differences.filter(({ judgement }) => judgement.kind === kind);
  const names = `A ${a.path} and B ${b.path}`;
  if (verdict === 'same') return `No differences between ${names}.`;
  if (verdict === 'allowed') {
    const [telling, free] = [of('may_differ').length, of('free').length];
    const what =
      telling === 0 ? 'none of them changes what is trained' : `something follows from ${telling} of them`;
    return `Only allowed differences between ${names}: ${counted(telling + free, 'field')}, ${what}.`;
  }
  const wrong = of('must_equal').flatMap(({ field, follows }) => (follows === null ? [field] : []));
  const doubted = [...new Set(suspicions.map(({ field }) => field))];
  const doubts = `${listed(doubted)} ${doubted.length === 1 ? 'looks' : 'look'} wrong`;
  if (verdict === 'suspicious')
    return differences.length === 0
      ? `No differences between ${names}, but ${doubts}.`
      : `Only allowed differences between ${names}, but ${doubts}.`;
  const parts = [
    `${listed(wrong)} must be equal and ${wrong.length === 1 ? 'is' : 'are'} not`,
    ...(doubted.length > 0 ? [doubts] : []),
  ];
  return `Not the same training, ${names}: ${parts.join('; ')}.`;
}

/** The verdict and, unless it says all there is to say, each difference with both values and their origins. */
export function configurationsText(
  a: Side,
  b: Side,
  comparison: ConfigurationComparison,
  { isAllShown }: { isAllShown: boolean },
): string {
  const blocks = configurationBlocks(comparison);
  const sentence = `${configurationsSentence(a, b, comparison)}\n`;
  const isCalm = blocks.every(({ isFree, lines }) => isFree || lines.length === 0) && !isAllShown;
  return isCalm ? sentence : `${sentence}${blocksText(blocks)}`;
}

/** Lines under a heading. */
export interface Block {
  readonly heading: string;
  readonly lines: readonly string[];
  /** Whether nothing follows from what it lists. */
  readonly isFree?: boolean;
}

/** The blocks that have lines. */
export function blocksText(blocks: readonly Block[]): string {
  return blocks
    .filter(({ lines }) => lines.length > 0)
    .map(({ heading, lines }) => `\n${heading}:\n${lines.map((line) => `  ${line}\n`).join('')}`)
    .join('');
}

/** What two configurations differ in, by what it means. */
export function configurationBlocks({ differences, suspicions }: ConfigurationComparison): Block[] {
  const of = (kind: ConfigurationDifference['judgement']['kind']) =>
    differences.filter(({ judgement }) => judgement.kind === kind).flatMap(differenceLines);
  return [
    { heading: 'Must be equal', lines: of('must_equal') },
    {
      heading: 'Suspicious',
      lines: suspicions.flatMap(({ side, field, value, origin, text }) => [
        `${field}  ${side.toUpperCase()} ${shown({ value, origin })}`,
        `  ${text}`,
      ]),
    },
    { heading: 'May differ, and what follows', lines: of('may_differ') },
    { heading: 'Nothing follows from', lines: of('free'), isFree: true },
  ];
}

function differenceLines({ field, judgement, a, b }: ConfigurationDifference): string[] {
  const line = `${field}  A ${shown(a)}, B ${shown(b)}`;
  return judgement.kind === 'may_differ' ? [line, `  ${judgement.consequence}`] : [line];
}

/** `64 (train.yaml:12)`. */
function shown(stated: Stated | null): string {
  if (stated === null) return 'has none';
  const { value, origin } = stated;
  return `${typeof value === 'string' ? value : JSON.stringify(value)} (${origin})`;
}

/** More are counted. */
const MOST_NAMED = 4;

function listed(names: readonly string[]): string {
  if (names.length > MOST_NAMED)
    return `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
