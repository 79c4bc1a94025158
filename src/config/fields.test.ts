import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FIELDS, fieldUse } from './fields.ts';
import { resolveConfig } from './load.ts';
import { leavesOf } from './tree.ts';

const src = fileURLToPath(new URL('..', import.meta.url));

/** Fields whose rooms are still to be written; to be empty when they are. */
const NOT_READ_YET: readonly string[] = [
  'data.cache_dir',
  'data.data_dir',
  'data.max_hours',
  'data.max_samples',
  'data.residency',
  'data.use_balanced_sampling',
  'data.validation_split',
  'evaluation.fa_rates',
  'evaluation.save_predictions',
  'experiment.log_level',
  'experiment.output_dir',
  'model.decoder.kernel_size',
  'model.encoder.channels',
  'model.encoder.downsample_factor',
  'model.encoder.kernel_size',
  'model.mamba.conv_kernel',
  'model.mamba.d_state',
  'model.mamba.dropout',
  'model.mamba.expand',
  'model.mamba.head_dim',
  'model.mamba.n_layers',
  'model.rescnn.dropout',
  'model.rescnn.kernel_sizes',
  'model.rescnn.n_blocks',
  'resources.max_memory_gb',
  'training.focal_alpha',
  'training.focal_gamma',
  'training.mixed_precision',
  'training.pos_weight',
  'training.resume',
];

/** The code of a room, without tests and comments: naming a field in a comment is not reading it. */
function codeOf(room: string): string {
  return globSync(`${src}${room}/**/*.ts`, { exclude: ['**/*.test.ts', '**/testing/**'] })
    .filter((path) => !/config\/(schema|fields)\.ts$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"])\/\/.*$/gm, '');
}

/** `settings.tau_on`, `{ tau_on }`, `'tau_on'`, `'events.tau_merge'` */
function isRead(field: string, code: string): boolean {
  const name = field.split('.').at(-1)!;
  return new RegExp(`(?:[.'"]|[{,]\\s*)${name}\\b(?!\\s*[:(]\\s*z\\.)`).test(code);
}

test('H3: the table lists exactly the fields of the schema', () => {
  const fields = leavesOf(resolveConfig('{}', 'x.yaml').config).map(([field]) => field);
  expect(Object.keys(FIELDS).sort()).toEqual(fields.sort());
});

test('H3: every field said to be used is read by a room that the table names', () => {
  const rooms = [...new Set(Object.values(FIELDS).flatMap((use) => ('usedBy' in use ? use.usedBy : [])))];
  const code = new Map(rooms.map((room) => [room, codeOf(room)]));
  const unread = Object.entries(FIELDS)
    .filter(([field, use]) => 'usedBy' in use && !use.usedBy.some((room) => isRead(field, code.get(room)!)))
    .map(([field]) => field);
  expect(unread.filter((field) => !NOT_READ_YET.includes(field))).toEqual([]);
});

test('every field is used by a room or ignored with a reason that reads as a sentence', () => {
  for (const use of Object.values(FIELDS)) {
    if ('usedBy' in use) expect(use.usedBy.length).toBeGreaterThan(0);
    else expect(use.ignored).toMatch(/^[A-Zb].+\.$/);
  }
});

test('a name that is no field has no use', () => {
  expect(fieldUse('data.strid')).toBeNull();
  expect(fieldUse('toString')).toBeNull();
});
