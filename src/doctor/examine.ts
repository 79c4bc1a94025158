import { type CheckedItem, checklistOf } from './checklist.ts';
import type { Finding, Severity } from './finding.ts';
import { findingsOf } from './rule.ts';
import { RULES } from './rules.ts';
import type { Subject } from './subject.ts';

/** What doctor says. */
export interface Examination {
  readonly checklist: readonly CheckedItem[];
  /** The worst first. */
  readonly findings: readonly Finding[];
}

const SEVERITIES: readonly Severity[] = ['worthless result', 'wasteful', 'note'];

/** Asks every rule. */
export function examine(subject: Subject, { isQuick = false } = {}): Examination {
  const rules = isQuick ? RULES.filter((rule) => rule.isQuick) : RULES;
  const findings = rules
    .flatMap((rule) => findingsOf(rule, subject))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { checklist: checklistOf(subject, findings), findings };
}
