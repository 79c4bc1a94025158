import { FORMAT_VERSION, type Provenance } from '../provenance.ts';

/** Of an entry that a test makes up: one channel at 10 Hz, one seizure. */
export function testProvenance(changes: Partial<Provenance> = {}): Provenance {
  return {
    format: 'bgb-cache',
    version: FORMAT_VERSION,
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
    ...changes,
  };
}
