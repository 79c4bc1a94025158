import type { Finding, Found, Severity } from './finding.ts';
import type { Subject } from './subject.ts';

/** What rules are about; the order of the report within one severity. */
export const GROUPS = [
  'configuration',
  'cache',
  'manifest',
  'data',
  'loader',
  'run',
  'WSL2',
  'machine',
] as const;
export type Group = (typeof GROUPS)[number];

/** A rule, and what the table in docs/doctor.md says of it. A new rule is one of these and its test. */
export interface Rule {
  /** As in the list of failure classes; L, W and M are loader, WSL2 and machine. */
  readonly id: string;
  /** Unique, as in `manifest-missing`. */
  readonly name: string;
  readonly group: Group;
  readonly severity: Severity;
  readonly title: string;
  readonly looksAt: string;
  /** What is seen when it is so. */
  readonly evidence: string;
  readonly cause: string;
  /** The command or setting that mends it. */
  readonly fix: string;
  /** Whether `bgb train` asks it at its start: what train itself mends or refuses needs no second voice. */
  readonly isQuick?: true;
  /** Looks; reads nothing but the subject. */
  readonly look: (subject: Subject) => readonly Found[];
}

/** The findings of a rule, with what it says of itself where a finding says nothing else. */
export function findingsOf(rule: Rule, subject: Subject): Finding[] {
  const { id, name, severity, title, cause } = rule;
  return rule.look(subject).map((found) => ({
    id,
    rule: name,
    severity,
    title,
    cause,
    about: subject.target.path,
    repair: null,
    ...found,
  }));
}
