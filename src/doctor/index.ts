/**
 * What is wrong, why, and the command that mends it: with a configuration, a run, a cache, or the machine.
 *
 * ```ts
 * const subject = await lookAt({ path: 'configs/local/train.yaml', ... }); // reads only
 * const { checklist, findings } = examine(subject);                         // asks every rule
 * ```
 *
 * A rule is one entry of the table in rules/, and its test. It reads nothing but the subject, so that every fact about
 * machine and files can be given.
 */
export { findBeforeTraining, findWhileTraining, TrainingWatch } from './at-training.ts';
export type { CheckedItem } from './checklist.ts';
export { type Examination, examine } from './examine.ts';
export type { Finding, Fix, Repair, Severity } from './finding.ts';
export { type LookRequest, lookAt } from './look.ts';
export type { Machine } from './machine.ts';
export { findingLines, reportDocument, reportText } from './report.ts';
export { type RuleRow, ruleTable } from './rules.ts';
export { rulesMarkdown, symptomsMarkdown } from './rules-document.ts';
export { writeSettings } from './write-setting.ts';
