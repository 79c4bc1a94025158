import { GROUPS, type Rule } from './rule.ts';
import { CACHE } from './rules/cache.ts';
import { CONFIGURATION } from './rules/configuration.ts';
import { DATA } from './rules/data.ts';
import { ENTRIES } from './rules/entries.ts';
import { GPU } from './rules/gpu.ts';
import { INPUTS } from './rules/inputs.ts';
import { LOADER_SETTINGS } from './rules/loader-settings.ts';
import { MACHINE } from './rules/machine.ts';
import { MANIFEST } from './rules/manifest.ts';
import { REJECTIONS } from './rules/rejections.ts';
import { RUN } from './rules/run.ts';
import { SEIZURES } from './rules/seizures.ts';
import { STARVATION } from './rules/starvation.ts';
import { WSL } from './rules/wsl.ts';

/** Every rule, in the order of the report. */
export const RULES: readonly Rule[] = [
  ...CONFIGURATION,
  ...CACHE,
  ...ENTRIES,
  ...MANIFEST,
  ...DATA,
  ...SEIZURES,
  ...REJECTIONS,
  ...INPUTS,
  ...LOADER_SETTINGS,
  ...STARVATION,
  ...RUN,
  ...WSL,
  ...GPU,
  ...MACHINE,
].sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));

/** A rule as data, for documents that list symptoms, causes and fixes. */
export type RuleRow = Pick<
  Rule,
  'id' | 'name' | 'group' | 'severity' | 'title' | 'looksAt' | 'evidence' | 'cause' | 'fix'
>;

/** The table of all rules. */
export function ruleTable(): RuleRow[] {
  return RULES.map(({ id, name, group, severity, title, looksAt, evidence, cause, fix }) => ({
    id,
    name,
    group,
    severity,
    title,
    looksAt,
    evidence,
    cause,
    fix,
  }));
}
