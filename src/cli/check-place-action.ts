import { fileURLToPath } from 'node:url';
import { loadConfig, readEnvironment } from '../config/index.ts';
import { loadChecks } from '../modal/index.ts';
import { makeChecks } from '../places/index.ts';
import type { CheckPlaceOptions } from './check-place.ts';
import { checkTable } from './check-table.ts';
import { SaidAlready } from './exit.ts';

/** Prints what the checks found. @throws SaidAlready 2 where one failed */
export async function checkPlace(path: string, options: CheckPlaceOptions): Promise<void> {
  const loaded = await loadConfig(path, { set: options.set, environment: readEnvironment() });
  const checksThere = await loadChecks();
  const results = await makeChecks(
    checksThere({
      loaded,
      code: options.code === undefined ? null : { path: options.code, hash: options.codeHash ?? '' },
      configHash: options.configHash,
      gpu: options.gpu,
      results: options.results,
      data: options.data,
      timeoutS: Number(options.timeout),
      hasDrill: options.drill,
      losses: options.losses?.split(',').map(Number) ?? null,
      program: [process.execPath, ...process.execArgv, process.argv[1]!],
      root: fileURLToPath(new URL('../..', import.meta.url)),
    }),
  );
  process.stdout.write(checkTable(results));
  if (results.every(({ isPassed }) => isPassed !== false)) return;
  process.stdout.write('A check failed: nothing was started.\n');
  throw new SaidAlready(2);
}
