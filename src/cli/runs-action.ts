import { basename, relative, resolve } from 'node:path';
import { listRuns, type RunStatus } from '../runs/index.ts';
import { writeJson } from './output.ts';
import { metricText, percentDone, rateText, statusDocument } from './run-texts.ts';
import type { RunsOptions } from './runs.ts';
import { textTable } from './table.ts';

/** Lists the runs at and below a folder. @throws InputError `RUNS_FOLDER` */
export async function runs(folder: string, { json }: RunsOptions): Promise<void> {
  const { runs: found, damaged } = await listRuns(folder, new Date());
  if (json) {
    const problems = damaged.map(({ name, folder: path, problem }) => ({ name, folder: path, problem }));
    writeJson({ runs: found.map(statusDocument), damaged: problems });
    return;
  }
  if (found.length > 0) process.stdout.write(tableOf(found, folder));
  else if (damaged.length === 0) process.stdout.write(`No runs in ${folder} or below it.\n`);
  for (const { problem } of damaged) process.stderr.write(`Not listed: ${problem}\n`);
}

/** Narrow enough for 80 columns with names of usual length. */
function tableOf(runs: readonly RunStatus[], folder: string): string {
  const nameOf = (path: string) => relative(resolve(folder), resolve(path)) || basename(path);
  const isRemote = runs.some(({ remote }) => remote !== null);
  // Where all are judged by the same metric, its name is said once.
  const names = new Set(runs.flatMap(({ metric }) => (metric === null ? [] : [metric.name])));
  const [onlyName] = names.size === 1 ? names : [];
  return textTable(
    [
      { heading: 'run' },
      { heading: 'state' },
      { heading: 'steps', align: 'right' },
      { heading: 'done', align: 'right' },
      { heading: onlyName ?? 'metric', align: onlyName === undefined ? 'left' : 'right' },
      { heading: 'win/s', align: 'right' },
      { heading: 'waits', align: 'right' },
      ...(isRemote ? [{ heading: 'where' }] : []),
    ],
    runs.map(({ folder: at, state, step, steps, metric, recent, remote }) => [
      nameOf(at),
      state,
      steps === null ? step : `${step}/${steps}`,
      steps === null ? null : `${percentDone(step, steps)} %`,
      onlyName === undefined ? metricText(metric) : (metric?.value?.toFixed(4) ?? null),
      recent.windowsPerS === null ? null : rateText(recent.windowsPerS),
      recent.waitingShare === null ? null : `${(100 * recent.waitingShare).toFixed(1)} %`,
      ...(isRemote ? [remote ?? 'here'] : []),
    ]),
  );
}
