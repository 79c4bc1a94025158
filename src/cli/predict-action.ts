import { containerPaths, inForce, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { describeThresholds, predictRecordings } from '../train/index.ts';
import { counted } from '../words.ts';
import { deviceOf } from './device.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import type { PredictOptions } from './predict.ts';
import { textTable } from './table.ts';

/** More are counted, not listed. */
const MOST_LINES = 20;

/** Predicts recordings and writes their annotations. @throws InputError `PREDICT_INPUT` if one cannot be used */
export async function predict(
  checkpoint: string,
  givenInput: string | undefined,
  options: PredictOptions,
): Promise<void> {
  const environment = readEnvironment();
  announce(inForce(), environment);
  const { input, output, format } = placesOf(givenInput, options);
  const device = deviceOf(options.device);
  using command = new LongCommand('Predicting', 'recordings', environment);
  const report = await predictRecordings({
    checkpoint,
    input,
    output,
    format,
    isReferenceForced: options.force === true,
    device,
    signal: command.signal,
    onProgress: (done, total, name) => command.update(done, total, name),
  });
  command.end();
  const { recordings, unusable } = report;
  process.stderr.write(noticeText(recordings));
  for (const { recording, longer_than_max_duration_s: long } of recordings)
    if (long > 0)
      process.stderr.write(
        `${recording}: ${long} seizures longer than max_duration_s, kept; look at them.\n`,
      );
  process.stderr.write(`Thresholds ${describeThresholds(report.thresholds)}.\n`);
  if (options.json) writeJson(report);
  else if (recordings.length > 0) process.stdout.write(text(recordings));
  if (unusable.length === 0) return;
  const reasons = unusable.slice(0, MOST_LINES).map(({ recording, reason }) => `  ${recording}: ${reason}`);
  const more = unusable.length > MOST_LINES ? `\n  and ${unusable.length - MOST_LINES} more` : '';
  throw new InputError(
    'PREDICT_INPUT',
    `${unusable.length} of ${unusable.length + recordings.length} recordings cannot be used, and nothing is written of them:\n${reasons.join('\n')}${more}`,
  );
}

/** What is given, or what the container's environment says. */
function placesOf(input: string | undefined, { output, format }: PredictOptions) {
  if (input !== undefined) {
    if (output === undefined)
      throw new InputError('PREDICT_OUTPUT', 'Expected --output <dir>, where annotation files are written.');
    return { input, output, format: format ?? ('csv_bi' as const) };
  }
  const container = containerPaths();
  if (container === null)
    throw new InputError(
      'PREDICT_INPUT',
      'Expected a recording or a folder of recordings, or the environment variables INPUT and OUTPUT of a container. Give one.',
    );
  return {
    input: container.input,
    output: output ?? container.output,
    format: format ?? ('szcore' as const),
  };
}

/** What is unusual about recordings that were predicted all the same, such as one that was cut off. */
function noticeText(recordings: Awaited<ReturnType<typeof predictRecordings>>['recordings']): string {
  const lines = recordings.flatMap(({ recording, notices }) =>
    notices.map((notice) => `Notice: ${recording}: ${notice}\n`),
  );
  const more = lines.length - MOST_LINES;
  return lines.slice(0, MOST_LINES).join('') + (more > 0 ? `and ${more} more; --json lists all\n` : '');
}

function text(recordings: Awaited<ReturnType<typeof predictRecordings>>['recordings']): string {
  const right = (heading: string) => ({ heading, align: 'right' as const });
  const rows = recordings
    .slice(0, MOST_LINES)
    .map(({ recording, duration_s, seizures, seizure_s, file }) => [
      recording,
      (duration_s / 60).toFixed(2),
      seizures,
      seizure_s.toFixed(1),
      file,
    ]);
  const table = textTable(
    [{ heading: 'recording' }, right('minutes'), right('seizures'), right('seconds'), { heading: 'written' }],
    rows,
  );
  const all = recordings.reduce((sum, { seizures }) => sum + seizures, 0);
  const more = recordings.length - rows.length;
  return `${table}${more > 0 ? `and ${more} more; --json lists all\n` : ''}\n${counted(all, 'seizure')} in ${counted(recordings.length, 'recording')}\n`;
}
