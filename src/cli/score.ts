import type { Command } from 'commander';
import { JSON_OPTION } from './output.ts';

export function register(program: Command): void {
  program
    .command('score')
    .description('score seizure annotations against others, by SzCORE and NEDC')
    .requiredOption('--reference <path>', 'file or folder: csv_bi, csv, events.tsv, bgb JSON, mixed freely')
    .requiredOption('--hypothesis <path>', 'the same of what was detected; paired by recording')
    .option('--output <dir>', 'write scores.json there')
    .option('--sample-rate <hz>', 'rate of the labels of sample scoring (1)')
    .option('--duration-tolerance <seconds>', 'by which a hypothesis may be longer or shorter (0)')
    .option('--tolerance-start <seconds>', 'a detection this long before a seizure counts for it (30)')
    .option('--tolerance-end <seconds>', 'a detection this long after a seizure counts for it (60)')
    .option('--min-overlap <share>', 'of an extended seizure that has to be exceeded (0)')
    .option('--max-event-duration <seconds>', 'longer events are split (300)')
    .option('--min-duration-between-events <seconds>', 'events with a shorter gap are merged (90)')
    .option(...JSON_OPTION)
    .action(async (options: ScoreOptions) => {
      const { score } = await import('./score-action.ts');
      await score(options);
    });
}

export interface ScoreOptions {
  readonly reference: string;
  readonly hypothesis: string;
  readonly output?: string;
  readonly sampleRate?: string;
  readonly durationTolerance?: string;
  readonly toleranceStart?: string;
  readonly toleranceEnd?: string;
  readonly minOverlap?: string;
  readonly maxEventDuration?: string;
  readonly minDurationBetweenEvents?: string;
  readonly json?: boolean;
}
