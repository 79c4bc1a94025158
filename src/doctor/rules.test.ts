import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ruleTable } from './rules.ts';
import { rulesMarkdown, symptomsMarkdown } from './rules-document.ts';

test('every rule has a name of its own, an id, and something in each column', () => {
  const rows = ruleTable();
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  for (const row of rows) {
    expect(row.id).toMatch(/^[A-HLMW]\d+$/);
    for (const cell of Object.values(row)) expect(cell.trim().length).toBeGreaterThan(0);
  }
});

test('docs/doctor.md has the table of the rules (scripts/write-doctor-rules.ts writes it)', () => {
  const path = fileURLToPath(new URL('../../docs/doctor.md', import.meta.url));
  expect(readFileSync(path, 'utf8')).toContain(rulesMarkdown());
});

test('docs/modal.md has them as symptom, cause and fix (the same script)', () => {
  const path = fileURLToPath(new URL('../../docs/modal.md', import.meta.url));
  expect(readFileSync(path, 'utf8')).toContain(symptomsMarkdown());
});
