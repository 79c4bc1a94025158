import { inForce, readEnvironment } from '../config/index.ts';
import { writeReport } from '../report/index.ts';
import { evaluateCheckpoint } from '../train/index.ts';
import { deviceOf } from './device.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { evaluationText } from './evaluation-text.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import { patientPatternOf } from './patient-pattern.ts';

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
    onPreprocessed: (done, total, name) => command.update(done, total, name, 'Preprocessing'),
    onProgress: (done, total, name) => command.update(done, total, name),
  });
  if (options.output) await writeReport(report, options.output);
  command.end();
  for (const reason of report.left_out) process.stderr.write(`Left out: ${reason}\n`);
  if (options.json) {
    writeJson(report);
    return;
  }
  process.stdout.write(evaluationText(report));
  if (options.output)
    process.stdout.write(
      `Wrote ${options.output}/report.html, plots/, evaluation.json, predictions/ and excerpts/.\n`,
    );
}
