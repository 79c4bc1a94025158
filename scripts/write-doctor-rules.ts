/**
 * Writes the table of doctor's rules into docs/doctor.md, below its last paragraph, and their symptoms into docs/modal.md,
 * likewise; tests hold that they are there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rulesMarkdown, symptomsMarkdown } from '../src/doctor/index.ts';

/** Replaces what begins with a line. */
function replaceFrom(document: string, line: RegExp, text: string): void {
  const path = fileURLToPath(new URL(`../docs/${document}`, import.meta.url));
  const [before] = readFileSync(path, 'utf8').split(line);
  writeFileSync(path, before + text);
}

replaceFrom('doctor.md', /^### Configuration$/m, rulesMarkdown());
replaceFrom('modal.md', /^\| symptom \| cause \| fix \|$/m, symptomsMarkdown());
