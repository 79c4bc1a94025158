import { isMap, isScalar, type Node, parse, parseDocument } from 'yaml';
import { annotatedYaml } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { canonicalJson, sha256 } from '../files/index.ts';
import type { Json } from './checkpoint-state.ts';

/** A configuration with every default filled in, and where each value comes from. */
export interface ResolvedConfig {
  readonly values: { readonly [section: string]: Json };
  /** By dotted field, such as `data.stride`: `train.yaml:11`, `--set`, `BGB_DEVICE`, `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

/** A field in which two configurations differ; `undefined` where one does not have it. */
export interface FieldDifference {
  readonly field: string;
  readonly stored: Json | undefined;
  readonly given: Json | undefined;
}

/**
 * Fields that may change when a run is resumed, since they change no result: where things lie, how fast they
 * are read, what is printed. A section covers all of its fields.
 */
export const RESULT_NEUTRAL_FIELDS: readonly string[] = [
  'data.data_dir',
  'data.exclude',
  'data.cache_dir',
  'data.patient_pattern',
  'data.num_workers',
  'data.pin_memory',
  'data.persistent_workers',
  'data.prefetch_factor',
  'data.residency',
  'training.resume',
  'training.checkpoint_interval',
  'training.checkpoint_minutes',
  'training.keep_checkpoints',
  'training.guards',
  'evaluation.save_predictions',
  'evaluation.save_plots',
  'experiment.name',
  'experiment.description',
  'experiment.device',
  'experiment.output_dir',
  'experiment.cache_dir',
  'experiment.log_level',
  'experiment.wandb',
  'logging',
  'resources.max_memory_gb',
  'resources.processes',
  'resources.distributed',
];

/** The configuration as YAML that bgb reads again, with each value's origin as a comment. */
export function configText({ values, origins }: ResolvedConfig): string {
  const heading = 'The configuration of this run as it was resolved, and where each value comes from.';
  return annotatedYaml(values, origins, heading);
}

/** Reads the values of {@link configText} back. @throws InputError `RUN_CONFIG` */
export function parseConfigText(text: string, path: string): ResolvedConfig['values'] {
  let values: unknown;
  try {
    values = parse(text);
  } catch (cause) {
    throw new InputError('RUN_CONFIG', `${path} is not YAML: ${messageOf(cause)}`, { cause });
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new InputError('RUN_CONFIG', `${path} must hold the sections of a configuration, but does not.`);
  }
  return values as ResolvedConfig['values'];
}

/**
 * The origins that {@link configText} wrote as comments, by dotted field. A line break in a file's name has become a blank.
 */
export function parseOrigins(text: string): Record<string, string> {
  const origins: Record<string, string> = {};
  const collect = (node: Node | null | undefined, field: string): void => {
    if (node?.comment != null && field !== '') origins[field] = node.comment.trim();
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      collect(value as Node | null, field === '' ? name : `${field}.${name}`);
    }
  };
  collect(parseDocument(text).contents, '');
  return origins;
}

/** SHA-256 of the fields that decide a run's result, and of the rest. */
export interface ConfigHashes {
  readonly result_sha256: string;
  readonly rest_sha256: string;
}

/** Hashes of a configuration; the order of its fields does not count. */
export function configHashes(
  values: ResolvedConfig['values'],
  neutral: readonly string[] = RESULT_NEUTRAL_FIELDS,
): ConfigHashes {
  const [rest, result] = [true, false].map((isNeutral) =>
    Object.fromEntries([...leaves(values)].filter(([field]) => covers(neutral, field) === isNeutral)),
  );
  return { result_sha256: sha256(canonicalJson(result)), rest_sha256: sha256(canonicalJson(rest)) };
}

/** Whether a list of fields and sections holds a field. */
function covers(names: readonly string[], field: string): boolean {
  return names.some((name) => field === name || field.startsWith(`${name}.`));
}

/** The fields in which two configurations differ, apart from those that `neutral` covers, in order of name. */
export function differingFields(
  stored: ResolvedConfig['values'],
  given: ResolvedConfig['values'],
  neutral: readonly string[],
): FieldDifference[] {
  const before = leaves(stored);
  const after = leaves(given);
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => !covers(neutral, field))
    .filter((field) => canonicalJson(before.get(field)) !== canonicalJson(after.get(field)))
    .sort()
    .map((field) => ({ field, stored: before.get(field), given: after.get(field) }));
}

/** Fields by dotted name; a list is one value. */
function leaves(value: Json, field = ''): Map<string, Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map([[field, value]]);
  return new Map(
    Object.entries(value as { [name: string]: Json }).flatMap(([name, part]) => [
      ...leaves(part, field === '' ? name : `${field}.${name}`),
    ]),
  );
}
