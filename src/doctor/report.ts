import { counted } from '../words.ts';
import type { CheckedItem } from './checklist.ts';
import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

const MARKS: Readonly<Record<CheckedItem['state'], string>> = {
  ok: 'ok ',
  finding: '!! ',
  'not looked at': '-  ',
};

/** The checklist, then every finding with what was seen, why, and what to type. */
export function reportText({ checklist, findings }: Examination): string {
  const lines = [
    ...checklist.map(({ state, item, says }) => `${MARKS[state]} ${item}: ${says}`),
    '',
    ...findings.flatMap((finding) => [...findingLines(finding), '']),
    summary(findings),
  ];
  return `${lines.join('\n')}\n`;
}

/** One finding, as `train` prints it too. */
export function findingLines({ id, severity, title, evidence, cause, fix }: Finding): string[] {
  return [
    `${id} ${severity}: ${title}`,
    `  seen   ${evidence}`,
    `  cause  ${cause ?? 'unknown: no rule of bgb explains this'}`,
    `  fix    ${fix.says}`,
    ...(fix.command === null ? [] : [`         ${fix.command}`]),
  ];
}

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing is wrong.';
  const worthless = findings.filter(({ severity }) => severity === 'worthless result').length;
  const count = counted(findings.length, 'finding');
  return worthless === 0
    ? `${count}.`
    : `${count}; ${worthless === 1 ? 'one makes' : `${worthless} make`} a result worthless.`;
}

/** What `--json` prints of an examination. */
export function reportDocument({ checklist, findings }: Examination): object {
  return {
    is_healthy: findings.length === 0,
    checklist: checklist.map(({ item, state, says }) => ({ item, state, says })),
    findings: findings.map(({ id, rule, severity, title, about, evidence, cause, fix, repair }) => ({
      id,
      rule,
      severity,
      title,
      about,
      evidence,
      cause,
      fix: { command: fix.command, says: fix.says },
      is_fixed_by_fix: repair !== null,
    })),
  };
}
