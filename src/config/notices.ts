import { isDeepStrictEqual } from 'node:util';
import { fieldUse } from './fields.ts';
import { type Origin, originText } from './origin.ts';
import type { Config } from './schema.ts';
import { fitIntoSchema } from './shape.ts';
import { valueAt } from './tree.ts';

/** Something accepted that the user should know of; to be printed once. */
export interface Notice {
  /** Stable, such as `CONFIG_IGNORED`. */
  readonly code: string;
  readonly message: string;
}

/**
 * Ignored fields that were stated, one notice for each reason; values that are allowed but rarely meant. In a file
 * that states every field, as a run records its configuration, nothing is said of those that are as by default.
 */
export function noticesOf(config: Config, origins: ReadonlyMap<string, Origin>): Notice[] {
  const defaults = fitIntoSchema({}).config;
  const isRecord = ![...origins.values()].some(({ kind }) => kind === 'default');
  const isAsByDefault = (field: string) =>
    isRecord && isDeepStrictEqual(valueAt(config, field), valueAt(defaults, field));
  const stated = new Map<string, string[]>();
  for (const [field, origin] of origins) {
    const use = fieldUse(field);
    if (use === null || !('ignored' in use) || origin.kind === 'default' || isAsByDefault(field)) continue;
    stated.set(use.ignored, [...(stated.get(use.ignored) ?? []), `${field} (${place(origin)})`]);
  }
  const notices = [...stated].map(([reason, fields]) => ({
    code: 'CONFIG_IGNORED',
    message: `Accepted and ignored: ${fields.join(', ')}. ${reason}`,
  }));
  const { loss, focal_alpha } = config.training;
  if (loss === 'focal' && focal_alpha < 0.5) {
    // Failures E2.
    const message =
      `training.focal_alpha ${focal_alpha} (${originText(origins.get('training.focal_alpha')!)}) weighs seizure less ` +
      `than background (${focal_alpha} to ${Number((1 - focal_alpha).toFixed(6))}); 0.5 favours neither.`;
    notices.push({ code: 'CONFIG_ALPHA', message });
  }
  const { resample, normalize } = config.preprocessing;
  const { num_workers, persistent_workers, prefetch_factor } = config.data;
  const { optimizer } = config.training;
  for (const [field, needed, isRead] of [
    ['preprocessing.length', 'preprocessing.resample: fft', resample === 'fft'],
    ['preprocessing.running_time_constant_s', 'preprocessing.normalize: running', normalize === 'running'],
    // PyTorch refuses both beside num_workers 0.
    ['data.persistent_workers', 'data.num_workers above 0', num_workers > 0 || !persistent_workers],
    ['data.prefetch_factor', 'data.num_workers above 0', num_workers > 0 || prefetch_factor === null],
    ['training.momentum', 'training.optimizer: sgd', optimizer === 'sgd'],
  ] as const) {
    const origin = origins.get(field)!;
    if (isRead || origin.kind === 'default' || isAsByDefault(field)) continue;
    notices.push({
      code: 'CONFIG_IDLE',
      message: `${field} (${originText(origin)}) changes nothing without ${needed}.`,
    });
  }
  return notices;
}

/** A notice names many fields of one file: their lines suffice. */
function place(origin: Origin): string {
  return origin.kind === 'file' ? `line ${origin.line}` : originText(origin);
}
