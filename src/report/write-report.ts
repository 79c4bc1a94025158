import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../files/index.ts';
import type { EvaluationDocument } from '../score/index.ts';
import { calibrationPlot } from './calibration-plot.ts';
import { delayPlot } from './delay-plot.ts';
import { drawEvents } from './drawn-events.ts';
import { groupPlot } from './group-plot.ts';
import { operatingCurvePlot } from './operating-curve.ts';
import { plotFile } from './plot.ts';
import { reportHtml } from './report-html.ts';

/**
 * Writes an evaluation as a page, `report.html`, and each of its plots as a file of its own below `plots/`.
 *
 * @param folder where `bgb evaluate` wrote the document and the excerpts that it names
 * @returns the files' paths below the folder, the page first
 * @throws InputError `REPORT_EXCERPT` for excerpts that are not as they were written
 */
export async function writeReport(document: EvaluationDocument, folder: string): Promise<string[]> {
  const plots = {
    operatingCurve: operatingCurvePlot(document),
    calibration: calibrationPlot(document.calibration),
    byType: groupPlot('sensitivity-by-type', 'type', document.sensitivity_by_type),
    byDuration: groupPlot('sensitivity-by-duration', 'duration', document.sensitivity_by_duration),
    delay: delayPlot(document.detection_delay),
    missed: await drawEvents(document, document.missed_seizures, 'missed', folder),
    falseAlarms: await drawEvents(document, document.false_alarms, 'alarm', folder),
  };
  const { missed, falseAlarms, ...single } = plots;
  const all = [...Object.values(single), ...[...missed, ...falseAlarms].map(({ plot }) => plot)];
  const files = all.map((plot) => ({ path: join('plots', `${plot.name}.svg`), content: plotFile(plot) }));
  for (const { path, content } of files) await writeAtomic(join(folder, path), content);
  await writeAtomic(join(folder, 'report.html'), reportHtml(document, plots));
  await removeOlder(join(folder, 'plots'), new Set(all.map(({ name }) => `${name}.svg`)));
  return ['report.html', ...files.map(({ path }) => path)];
}

const EVENT_FILE = /^(missed-seizure|false-alarm)-\d+\.svg$/;

/** Events of an evaluation before this one in the same folder would pass for this one's. */
async function removeOlder(folder: string, written: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder))
    if (EVENT_FILE.test(name) && !written.has(name)) await rm(join(folder, name));
}
