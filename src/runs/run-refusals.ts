import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { differingFields, type FieldDifference, type ResolvedConfig } from './config-record.ts';
import { exists, RUN_FILES, type RunRecord, runStage } from './run-record.ts';

/** Refuses a folder in which a new run would overwrite something. @throws InputError */
export async function refuseOccupied(folder: string): Promise<void> {
  const stage = await runStage(folder);
  if (stage === 'start-interrupted') return;
  if (stage !== 'none') {
    throw new InputError(
      'RUN_EXISTS',
      `${folder} already holds ${stage === 'finished' ? 'a finished run' : 'a run that did not finish'}. ` +
        (stage === 'finished'
          ? 'Use another output_dir.'
          : 'Use --resume to go on with it, or another output_dir.'),
    );
  }
  for (const name of Object.values(RUN_FILES)) {
    if (name === RUN_FILES.lock || !(await exists(join(folder, name)))) continue;
    throw new InputError(
      'RUN_FOREIGN',
      `${folder} holds ${name}, which a run would overwrite, but no ${RUN_FILES.run}. Use another output_dir.`,
    );
  }
}

/** Refuses to go on with a run that has finished, or that was another one. @throws InputError */
export function refuseDifferent(
  folder: string,
  record: RunRecord,
  start: { readonly config: ResolvedConfig; readonly data: Readonly<Record<string, string>> },
  neutral: readonly string[],
): void {
  if (record.summary) {
    throw new InputError(
      'RUN_FINISHED',
      `The run in ${folder} has finished; there is nothing to resume. Use another output_dir.`,
    );
  }
  const fields = differingFields(record.config, start.config.values, neutral);
  if (fields.length > 0) {
    throw new InputError(
      'RUN_CONFIG_DIFFERS',
      `The run in ${folder} was started with another configuration:\n${listed(fields)}\n` +
        'Resume with the same values, or start a new run in another output_dir.',
    );
  }
  const data = differingFields(record.data, start.data, []);
  if (data.length > 0) {
    throw new InputError(
      'RUN_DATA_DIFFERS',
      `The run in ${folder} was started on other data (content hashes by split):\n${listed(data)}\n` +
        'Resume with the same data, or start a new run in another output_dir.',
    );
  }
}

function listed(differences: readonly FieldDifference[]): string {
  const text = (value: unknown) => (value === undefined ? 'absent' : JSON.stringify(value));
  return differences
    .map(({ field, stored, given }) => `  ${field}: ${text(stored)} in the run, ${text(given)} now`)
    .join('\n');
}
