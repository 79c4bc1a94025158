import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';

/** A folder for the tests of a file, removed after them. */
export function temporaryFolder() {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bgb-annotations-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    path: (name = '') => join(folder, name),
    async store(name: string, content: string | Uint8Array): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
  };
}

/** What a refusal looks like. */
export const refuses = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

/** A file as TUSZ has it. */
export const TERM = `# version = csv_v1.0.0
# bname = aaaaaajy_s001_t000
# duration = 1750.00 secs
# montage_file = nedc_eas_default_montage.txt
#
channel,start_time,stop_time,label,confidence
TERM,0.0000,10.2775,bckg,1.0000
TERM,10.2775,35.7775,seiz,1.0000
TERM,35.7775,1750.0000,bckg,0.5
`;
