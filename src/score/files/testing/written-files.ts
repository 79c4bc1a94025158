import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { DEFAULT_SCORING, type ScoreRequest, scoreFiles } from '../index.ts';

/** A folder for the tests of a file, removed after them. */
export function scoringFolder() {
  let root = '';
  let scores = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'bgb-score-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const write = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const folder = join(root, `${scores++}`);
    await mkdir(folder);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return folder;
  };
  return {
    write,
    /** Scores files, given as their names and contents, against others. */
    score: async (
      references: Readonly<Record<string, string>>,
      hypotheses: Readonly<Record<string, string>>,
      settings: Partial<ScoreRequest> = {},
    ) =>
      scoreFiles({
        ...DEFAULT_SCORING,
        reference: await write(references),
        hypothesis: await write(hypotheses),
        ...settings,
      }),
  };
}

export type Span = readonly [startS: number, endS: number];

export function csvBi(durationS: number, events: readonly Span[], channel = 'TERM', label = 'seiz'): string {
  const rows = events.map(
    ([startS, endS]) => `${channel},${startS.toFixed(4)},${endS.toFixed(4)},${label},1.0000\n`,
  );
  if (rows.length === 0) rows.push(`TERM,0.0000,${durationS.toFixed(4)},bckg,1.0000\n`);
  return `# version = csv_v1.0.0\n# duration = ${durationS.toFixed(4)} secs\nchannel,start_time,stop_time,label,confidence\n${rows.join('')}`;
}

export function tsv(durationS: number, events: readonly Span[], type = 'sz'): string {
  const rest = `n/a\tn/a\t2016-11-06 13:43:04\t${durationS.toFixed(2)}\n`;
  const rows = events.map(
    ([startS, endS]) => `${startS.toFixed(2)}\t${(endS - startS).toFixed(2)}\t${type}\t${rest}`,
  );
  if (rows.length === 0) rows.push(`0.00\t${durationS.toFixed(2)}\tbckg\t${rest}`);
  return `onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration\n${rows.join('')}`;
}

export function json(durationS: number, events: readonly Span[]): string {
  return JSON.stringify({
    format: 'bgb-annotation',
    version: 1,
    recording: 'any',
    duration_s: durationS,
    events: events.map(([start_s, end_s]) => ({ start_s, end_s, label: 'seiz', confidence: 1 })),
  });
}
