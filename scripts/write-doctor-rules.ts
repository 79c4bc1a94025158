/** Writes the table of doctor's rules into docs/doctor.md, below its last paragraph; a test holds that it is there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rulesMarkdown } from '../src/doctor/index.ts';

const path = fileURLToPath(new URL('../docs/doctor.md', import.meta.url));
const [before] = readFileSync(path, 'utf8').split(/^### Configuration$/m);
writeFileSync(path, before + rulesMarkdown());
