import { inForce, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { type TuningReport, tuneCheckpoint } from '../train/index.ts';
import { counted } from '../words.ts';
import { deviceOf } from './device.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import { patientPatternOf } from './patient-pattern.ts';
import { textTable } from './table.ts';
import type { TuneOptions } from './tune.ts';

/** Chooses thresholds on recordings and writes a checkpoint that has them. */
export async function tune(checkpoint: string, data: string, options: TuneOptions): Promise<void> {
  const falseAlarmsPer24h = rateOf(options.faPer24h);
  const environment = readEnvironment();
  announce(inForce(), environment);
  const device = deviceOf(options.device);
  using command = new LongCommand('Predicting', 'recordings', environment);
  const report = await tuneCheckpoint({
    checkpoint,
    data,
    falseAlarmsPer24h,
    setName: options.setName,
    output: options.output,
    isReferenceForced: options.force === true,
    patientPattern: patientPatternOf(options.patientPattern),
    device,
    signal: command.signal,
    onPreprocessed: (done, total, name) => command.update(done, total, name, 'Preprocessing'),
    onProgress: (done, total, name) => command.update(done, total, name),
  });
  command.end();
  for (const reason of report.left_out) process.stderr.write(`Left out: ${reason}\n`);
  for (const notice of report.notices) process.stderr.write(`Notice: ${notice}\n`);
  if (options.json) writeJson(report);
  else process.stdout.write(text(report));
}

function text({ before, thresholds, output, operating_curve }: TuningReport): string {
  const { tau_on, tau_off, tuned_on } = thresholds;
  const { set, recordings, patients, seizures, seizure_free_hours, fa_per_24h, sensitivity } = tuned_on!;
  const right = (heading: string) => ({ heading, align: 'right' as const });
  const chosen = operating_curve.findIndex((point) => point.tau_on === tau_on);
  const near = operating_curve.slice(Math.max(0, chosen - 3), chosen + 4);
  const table = textTable(
    [
      right('tau_on'),
      right('tau_off'),
      right('sensitivity'),
      right('false alarms per 24 h'),
      { heading: '' },
    ],
    near.map((point) => [
      point.tau_on,
      point.tau_off,
      point.sensitivity?.toFixed(4) ?? null,
      point.false_alarms_per_24h?.toFixed(2) ?? null,
      point.tau_on === tau_on ? 'chosen' : '',
    ]),
  );
  return `${table}
Tuned on ${set}: ${counted(recordings, 'recording')} of ${counted(patients, 'patient')}, ${counted(seizures, 'seizure')}, ${seizure_free_hours.toFixed(2)} h without seizures.
tau_on ${before.tau_on} -> ${tau_on}, tau_off ${before.tau_off} -> ${tau_off}: sensitivity ${sensitivity.toFixed(4)} at ${fa_per_24h.toFixed(2)} false alarms per 24 h, on the set that was tuned on.
Wrote ${output}
`;
}

/** @throws InputError `CLI_RATE` */
function rateOf(given: string): number {
  const rate = Number(given);
  if (given.trim() !== '' && Number.isFinite(rate) && rate > 0) return rate;
  throw new InputError('CLI_RATE', `--fa-per-24h: expected a number above 0, such as 10, found '${given}'.`);
}
