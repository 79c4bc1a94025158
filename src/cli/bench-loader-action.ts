import { inForce, loadConfig, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { benchLoader, type LoaderReport } from '../train/index.ts';
import type { BenchLoaderOptions } from './bench-loader.ts';
import { announce, writeJson } from './output.ts';
import { textTable } from './table.ts';

/** Measures loader and model, and prints the headroom. */
export async function benchLoaderCommand(path: string, options: BenchLoaderOptions): Promise<void> {
  const environment = readEnvironment();
  const seconds = Number(options.seconds);
  if (!(seconds > 0 && seconds <= 3600))
    throw new InputError(
      'CLI_SECONDS',
      `--seconds: expected a number above 0, 3600 at most, found '${options.seconds}'.`,
    );
  const loaded = await loadConfig(path, { set: options.set, environment });
  announce(inForce(), environment, loaded);
  const report = await benchLoader({
    config: loaded.config,
    isManifestRebuildForced: environment.isManifestRebuildForced,
    say: (sentence) => process.stderr.write(`Notice: ${sentence}\n`),
    seconds,
    now: () => performance.now(),
  });
  if (options.json) writeJson(report);
  else process.stdout.write(reportText(path, report));
}

function reportText(path: string, report: LoaderReport): string {
  const { loader, model, batch_size, device, residency, headroom, waiting_share } = report;
  const rate = (windowsPerS: number) =>
    `${Number(windowsPerS.toPrecision(3)).toLocaleString('en')} windows/s`;
  const rows: [string, string][] = [
    [
      'loader delivers',
      `${rate(loader.windows_per_s)} (${loader.batches} batches of ${batch_size} in ${loader.seconds.toFixed(2)} s)`,
    ],
    [
      'model needs',
      `${rate(model.windows_per_s)} (${model.steps} steps of ${model.windows / model.steps} on ${device} in ${model.seconds.toFixed(2)} s)`,
    ],
    ['headroom', `${Number(headroom.toPrecision(3)).toLocaleString('en')} times`],
    ['training would wait', `${(100 * waiting_share).toFixed(1)} % of its time`],
    ['samples on', `${residency === 'device' ? device : residency}: ${report.residency_reason}`],
    ['opened in', `${loader.opening_s.toFixed(2)} s`],
  ];
  const table = textTable([{ heading: 'loader' }, { heading: path }], rows);
  if (report.advice.length === 0) return table;
  return `${table}The model would wait for the loader. What would have to change:\n${report.advice.map((line) => `  ${line}\n`).join('')}`;
}
