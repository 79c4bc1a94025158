import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../files/index.ts';
import { REMOTE_FILE } from '../runs/index.ts';

/** Notes in a fetched run's folder where it goes on; null: nowhere, it is done. */
export async function markRemote(folder: string, where: string | null): Promise<void> {
  const path = join(folder, REMOTE_FILE);
  if (where === null) await rm(path, { force: true });
  else await writeAtomic(path, `${JSON.stringify({ where })}\n`);
}
