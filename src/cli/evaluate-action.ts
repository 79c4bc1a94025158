import { inForce, readEnvironment } from '../config/index.ts';
import { evaluateCheckpoint } from '../train/index.ts';
import { deviceOf } from './device.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import { patientPatternOf } from './patient-pattern.ts';
import { textTable } from './table.ts';

/** Scores a checkpoint on recordings. */
export async function evaluate(checkpoint: string, data: string, options: EvaluateOptions): Promise<void> {
  const environment = readEnvironment();
  announce(inForce(), environment);
  const device = deviceOf(options.device);
  using command = new LongCommand('Predicting', 'recordings', environment);
  const report = await evaluateCheckpoint({
    checkpoint,
    data,
    isReferenceForced: options.force === true,
    patientPattern: patientPatternOf(options.patientPattern),
    output: options.output ?? null,
    device,
    signal: command.signal,
    onProgress: (done, total, name) => command.update(done, total, name),
  });
  command.end();
  for (const reason of report.left_out) process.stderr.write(`Left out: ${reason}\n`);
  if (options.json) {
    writeJson(report);
    return;
  }
  const { split, recordings, patients, recorded_hours, seizures, figures } = report;
  process.stdout.write(
    textTable(
      [{ heading: 'figure' }, { heading: 'value', align: 'right' }, { heading: '' }],
      [
        [
          split === null ? 'recordings' : `recordings of ${split}`,
          recordings,
          `${patients} patients, ${recorded_hours.toFixed(2)} h, ${seizures} seizures`,
        ],
        ...Object.entries(figures).map(([name, { value, reason }]) => [
          name,
          value?.toFixed(4) ?? null,
          reason ?? '',
        ]),
      ],
    ),
  );
  process.stdout.write(`\n${report.tuned_on}.\n`);
  const future = report.preprocessing_uses_future;
  if (future.length > 0)
    process.stdout.write(`Preprocessing looks at what was recorded later: ${future.join(', ')}.\n`);
  const { mismatched, trained_on, found } = report.references;
  if (mismatched > 0)
    process.stdout.write(
      `Forced: ${mismatched} recordings are against another reference (${found.join(', ')}) than was trained on (${trained_on!.join(', ')}).\n`,
    );
  if (options.output) process.stdout.write(`Wrote ${options.output}/scores.json and predictions/.\n`);
}
