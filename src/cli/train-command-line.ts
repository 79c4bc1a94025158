import { commandLine } from '../words.ts';
import type { TrainOptions } from './train.ts';

/** What goes on with the run: with the same options, since the configuration must be the same. */
export function resumeCommand(path: string, { set, device, initFrom, force }: TrainOptions): string {
  return commandLine(
    ...['bgb', 'train', path],
    ...set.flatMap((assignment) => ['--set', assignment]),
    ...(device === undefined ? [] : ['--device', device]),
    ...(initFrom === undefined ? [] : ['--init-from', initFrom]),
    ...(force === true ? ['--force'] : []),
    '--resume',
  );
}

/** The command line behind `train`, for a process that does the same. */
export function parametersOf(path: string, options: TrainOptions): string[] {
  const { set, resume, initFrom, device, force, json, reportStart: isReporting } = options;
  return [
    path,
    ...set.flatMap((assignment) => ['--set', assignment]),
    ...(resume === true ? ['--resume'] : []),
    ...(initFrom === undefined ? [] : ['--init-from', initFrom]),
    ...(device === undefined ? [] : ['--device', device]),
    ...(force === true ? ['--force'] : []),
    ...(json === true ? ['--json'] : []),
    ...(isReporting === true ? ['--report-start'] : []),
  ];
}
