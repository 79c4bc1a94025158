import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Provenance, writeEntry } from '../cache/index.ts';
import { testProvenance } from '../cache/testing/provenance.ts';
import { compareReferences } from './reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-reference-'));
afterAll(() => rmSync(folder, { recursive: true }));

const REFERENCES = {
  ref: 'REF',
  le: 'LE',
  average: 'average',
  mixed: 'mixed: LE, REF',
  elsewhere: 'unknown',
};
const entries = (...names: (keyof typeof REFERENCES)[]) =>
  names.map((name) => ({ folder, name: `${name}.npz` }));

const PROVENANCE: Provenance = testProvenance({});

beforeAll(async () => {
  for (const [name, reference] of Object.entries(REFERENCES))
    await writeEntry(join(folder, `${name}.npz`), {
      signal: new Int16Array(4),
      labels: Uint8Array.of(0, 0, 1, 1),
      segments: [{ firstRow: 0, rows: 4, startSample: 0 }],
      scale: 1,
      provenance: { ...PROVENANCE, reference },
    });
});

test('recordings of the references that were trained on pass, of one or of several', () => {
  expect(compareReferences(entries('ref', 'le', 'mixed'), ['LE', 'REF'], false)).toEqual({
    trained_on: ['LE', 'REF'],
    found: ['LE', 'REF', 'mixed: LE, REF'],
    mismatched: 0,
  });
  expect(compareReferences(entries('le'), ['mixed: LE, REF'], false).mismatched).toBe(0);
});

test('another reference is refused with the recording, how many there are, and what to do; forced it is counted', () => {
  expect(() => compareReferences(entries('average', 'ref', 'le'), ['REF'], false)).toThrow(
    /average\.npz is recorded against average, the model was trained on REF.*\(2 of 3 recordings\).*--force/,
  );
  expect(compareReferences(entries('average', 'ref', 'le'), ['REF'], true).mismatched).toBe(2);
  expect(() => compareReferences(entries('mixed'), ['REF'], false)).toThrow(/mixed: LE, REF/);
});

test('who does not say is let pass', () => {
  expect(compareReferences(entries('average'), null, false)).toMatchObject({
    trained_on: null,
    mismatched: 0,
  });
  expect(compareReferences(entries('average'), ['unknown'], false).mismatched).toBe(0);
  expect(compareReferences(entries('elsewhere'), ['REF'], false).mismatched).toBe(0);
});
