import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Provenance, writeEntry } from '../cache/index.ts';
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

const PROVENANCE: Provenance = {
  format: 'bgb-cache',
  version: 4,
  key: 'k',
  recording: { name: 'a.edf', sha256: 's', bytes: 1 },
  annotations: [{ name: 'a.csv_bi', sha256: 't', bytes: 2, format: 'tusz-csv_bi', role: 'seizures' }],
  preprocessing: {},
  channels: ['A'],
  sampling_rate: 10,
  reference: 'REF',
  patient: 'p1',
  recorded_s: 0.4,
  seizures: 1,
  seizure_s_by_label: { seiz: 0.2 },
  excluded_s_by_label: {},
  events_lost: {},
  label_map: {},
  scored_as_background: [],
  clipped_share: 0,
  notices: [],
};

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
