import { GROUPS } from './rule.ts';
import { type RuleRow, ruleTable } from './rules.ts';

/** The rules as Markdown, a table a group, as they stand in docs/doctor.md. */
export function rulesMarkdown(): string {
  const rows = ruleTable();
  return GROUPS.map((group) => {
    const lines = rows.filter((row) => row.group === group).map(lineOf);
    return [
      `### ${group[0]!.toUpperCase()}${group.slice(1)}`,
      '',
      '| id | rule | finding | looks at | evidence | cause | fix |',
      '|---|---|---|---|---|---|---|',
      ...lines,
      '',
    ].join('\n');
  }).join('\n');
}

function lineOf({ id, name, severity, title, looksAt, evidence, cause, fix }: RuleRow): string {
  const cells = [id, `\`${name}\``, `${title} (${severity})`, looksAt, evidence, cause, fix];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The same as symptom, cause and fix, as they stand in docs/modal.md. */
export function symptomsMarkdown(): string {
  const cells = ({ title, cause, fix }: RuleRow) => [title, cause, fix];
  return [
    '| symptom | cause | fix |',
    '|---|---|---|',
    ...ruleTable().map(
      (row) =>
        `| ${cells(row)
          .map((cell) => cell.replaceAll('|', '\\|'))
          .join(' | ')} |`,
    ),
    '',
  ].join('\n');
}
