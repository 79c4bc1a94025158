import { relative, resolve } from 'node:path';
import { listRuns } from '../runs/index.ts';
import { writeJson } from './output.ts';
import { metricText, progressText, rateText, stateText, statusDocument } from './run-texts.ts';
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
  const nameOf = (path: string) => relative(resolve(folder), resolve(path)) || path;
  const isRemote = found.some(({ remote }) => remote !== null);
  if (found.length > 0)
    process.stdout.write(
      textTable(
        [
          { heading: 'run' },
          { heading: 'state' },
          { heading: 'steps', align: 'right' },
          { heading: 'metric' },
          { heading: 'windows/s', align: 'right' },
          { heading: 'waiting', align: 'right' },
          ...(isRemote ? [{ heading: 'where' }] : []),
        ],
        found.map((run) => [
          nameOf(run.folder),
          stateText(run),
          progressText(run),
          metricText(run.metric),
          run.recent.windowsPerS === null ? null : rateText(run.recent.windowsPerS),
          run.recent.waitingShare === null ? null : `${(100 * run.recent.waitingShare).toFixed(1)} %`,
          ...(isRemote ? [run.remote ?? 'here'] : []),
        ]),
      ),
    );
  else if (damaged.length === 0) process.stdout.write(`No runs in ${folder} or below it.\n`);
  for (const { problem } of damaged) process.stderr.write(`Not listed: ${problem}\n`);
}
