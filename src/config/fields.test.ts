import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FIELDS, fieldUse } from './fields.ts';
import { resolveConfig } from './load.ts';
import { leavesOf } from './tree.ts';

const src = fileURLToPath(new URL('..', import.meta.url));

/** Fields whose rooms are still to be written; to be empty when they are. */
const NOT_READ_YET: readonly string[] = [];

/** The code of a room, file by file, without tests and comments: naming a field in a comment is not reading it. */
function codeOf(room: string): string[] {
  return globSync(`${src}${room}/**/*.ts`, { exclude: ['**/*.test.ts', '**/testing/**'] })
    .filter((path) => !/config\/(schema|fields)\.ts$/.test(path))
    .map((path) => readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"])\/\/.*$/gm, ''));
}

/**
 * Whether a file reads a field: `settings.hysteresis.tau_on`, `const { tau_on } = settings.hysteresis`,
 * `{ hysteresis: { tau_on } }`; or, where it takes the section by type (`Config['post']['hysteresis']`) or under a
 * shorter name (`const { hysteresis } = settings`, `const thresholds = settings.hysteresis`), just `.tau_on`.
 */
function isRead(field: string, code: string): boolean {
  const [section, leaf] = field.split('.').slice(-2);
  const within = `\\{[^{}]*\\b${leaf}\\b[^{}]*\\}`;
  const direct = [
    `\\b${section}[!?]*\\.${leaf}\\b`,
    `${within}\\s*=\\s*[^;]*\\b${section}\\b`,
    `\\b${section}: ${within}`,
  ];
  if (direct.some((pattern) => new RegExp(pattern).test(code))) return true;
  const isTaken = new RegExp(`\\['${section}'\\]|=[^;=]*\\.${section}\\b[!?]*[;,)\\s]`).test(code);
  return isTaken && new RegExp(`\\.${leaf}\\b|${within}(?!\\s*\\))`).test(code);
}

test.each([
  ['settings.hysteresis.tau_on', true],
  ['config.training.early_stopping!.tau_on; hysteresis!.tau_on', true],
  ['const { tau_off, tau_on } = settings.hysteresis;', true],
  ['({ hysteresis: { tau_on } }: Settings) => tau_on', true],
  ["function f(thresholds: Config['postprocessing']['hysteresis']) { return thresholds.tau_on; }", true],
  ['const thresholds = settings.hysteresis;\nf(thresholds.tau_on);', true],
  ['other.tau_on; settings.hysteresis', false],
  ['f({ tau_on: 3 })', false],
  ["const name = 'hysteresis.tau_off'", false],
])('%j reads tau_on: %s', (code, isReading) => {
  expect(isRead('postprocessing.hysteresis.tau_on', code)).toBe(isReading);
});

test('H3: the table lists exactly the fields of the schema', () => {
  const fields = leavesOf(resolveConfig('{}', 'x.yaml').config).map(([field]) => field);
  expect(Object.keys(FIELDS).sort()).toEqual(fields.sort());
});

test('H3: every field said to be used is read by a room that the table names', () => {
  const rooms = [...new Set(Object.values(FIELDS).flatMap((use) => ('usedBy' in use ? use.usedBy : [])))];
  const code = new Map(rooms.map((room) => [room, codeOf(room)]));
  const unread = Object.entries(FIELDS)
    .filter(
      ([field, use]) =>
        'usedBy' in use && !use.usedBy.some((room) => code.get(room)!.some((file) => isRead(field, file))),
    )
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
