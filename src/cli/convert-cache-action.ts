import { convertCache } from '../cache/index.ts';
import { inForce, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { commandLine } from '../words.ts';
import type { ConvertCacheOptions } from './convert-cache.ts';
import { LongCommand } from './long-command.ts';
import { announce, writeJson } from './output.ts';
import { patientPatternOf } from './patient-pattern.ts';

/** Converts a cache made elsewhere; exit code 2 when none of its files can be. */
export async function convertCacheCommand({
  from,
  to,
  patientPattern,
  json,
}: ConvertCacheOptions): Promise<void> {
  const environment = readEnvironment();
  announce(inForce(), environment);
  using command = new LongCommand('Converting', 'files', environment);
  const results = await convertCache({
    from,
    to,
    patientPattern: patientPatternOf(patientPattern),
    signal: command.signal,
    onProgress: (done, total, { outcome, name }) => command.update(done, total, `${outcome} ${name}`),
  });
  command.end();
  const rejected = results.filter((result) => result.outcome === 'rejected');
  for (const { reason } of rejected) process.stderr.write(`Rejected: ${reason}\n`);
  for (const result of results)
    if (result.outcome !== 'rejected')
      for (const notice of result.notices) process.stderr.write(`Notice: ${result.name}: ${notice}\n`);
  if (rejected.length === results.length)
    throw new InputError(
      'CONVERT_NONE',
      `None of the ${results.length} files in ${from} could be converted.`,
    );
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  if (json) writeJson({ to, files: results.length, results });
  else
    process.stdout.write(
      `${results.length} files: ${count('converted')} converted, ${count('kept')} kept, ${rejected.length} rejected.\nNext: ${commandLine('bgb', 'scan-cache', '--cache-dir', to)}\n`,
    );
}
