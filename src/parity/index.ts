/**
 * Whether two trainings are the same: configurations field by field. docs/parity.md says what each verdict means.
 *
 * ```ts
 * const [a, b] = [await configurationSide('local.yaml', []), await configurationSide('cloud.yaml', [])];
 * compareConfigurations(a, b).verdict; // 'allowed'
 * ```
 */
export {
  type ConfigurationComparison,
  type ConfigurationDifference,
  compareConfigurations,
  type Stated,
} from './compare-configurations.ts';
export { FIELD_CLASSES, type FieldClass, judge } from './field-classes.ts';
export type { Judgement } from './judgement.ts';
export { configurationSide, type Side } from './side.ts';
export type { Suspicion } from './suspicious.ts';
