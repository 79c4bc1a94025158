import { z } from 'zod';
import { BgbError } from '../errors.ts';

/** A value that JSON keeps exactly: no NaN, no infinity, nothing undefined. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const json: z.ZodType<Json> = z.json();
const jsonObject = z.record(z.string(), json);

const share = z.number().min(0).max(1);

/** Thresholds that were chosen on data, and the data: enough to tell whether another set has any of it. */
export const frozenThresholds = z.strictObject({
  values: z.strictObject({ tau_on: share, tau_off: share }),
  tuned_on: z.strictObject({
    /** Its name, as the user gave it. */
    set: z.string(),
    /** As a manifest's. */
    data_hash: z.string(),
    /** SHA-256 of each recording's file, sorted. */
    recordings: z.array(z.string().regex(/^[0-9a-f]{64}$/)).min(1),
    /** SHA-256 of each patient's name, sorted: enough to recognise one, and no list of names. */
    patients: z.array(z.string().regex(/^[0-9a-f]{64}$/)).min(1),
    seizures: z.int().nonnegative(),
    seizure_free_hours: z.number().nonnegative(),
    target_fa_per_24h: z.number().positive(),
    fa_per_24h: z.number().nonnegative(),
    sensitivity: share,
    /** Of the checkpoint whose weights these are, before its thresholds were tuned. */
    checkpoint_sha256: z.string(),
  }),
});

/** See {@link frozenThresholds}. */
export type FrozenThresholds = z.infer<typeof frozenThresholds>;

/**
 * What a checkpoint says beside its tensors. It is the content of the file, so its fields have the file's
 * names.
 */
export const checkpointState = z.strictObject({
  /** The resolved `model` section, enough to build the model again. */
  model: jsonObject,
  /** Optimiser steps done. */
  step: z.int().nonnegative(),
  /** Epochs finished. */
  epoch: z.int().nonnegative(),
  /** Whatever else training counts: batches into the epoch, skipped steps, epochs without improvement. */
  counters: z.record(z.string(), z.number()),
  /** Other state of the training loop that resuming needs and that is no tensor, such as a sampler's. */
  loop: jsonObject,
  /** The metric that early stopping watches; null before the first evaluation, `value` null if undefined. */
  metric: z
    .strictObject({ name: z.string(), value: z.number().nullable(), mode: z.enum(['max', 'min']) })
    .nullable(),
  /** Decision thresholds, frozen with what they were tuned on; null while none are tuned. */
  thresholds: frozenThresholds.nullable(),
  /** Content hashes of the data that was trained on, by split. */
  data: z.record(z.string(), z.string()),
  /** What the recordings that were trained on were recorded against; null where that was not kept. */
  references: z.array(z.string()).nullable().default(null),
  /** How much seizure training saw; null where that was not kept. */
  seizure_shares: z
    .strictObject({
      /** Of the samples in the batches of an epoch. */
      batches: z.number().min(0).max(1),
      /** By how much the loss weighs seizure more than background. */
      loss_odds: z.number().positive(),
      /** Of the whole recordings that the windows were taken from. */
      recordings: z.number().min(0).max(1).nullable(),
    })
    .nullable()
    .default(null),
  /** Version of bgb, with the commit where it is known. */
  code_version: z.string(),
  /** Lines of events.jsonl that belong to this state; resuming cuts the log back to them. */
  events: z.int().nonnegative(),
  /** Records of the TensorBoard files that belong to it, likewise; runs of earlier versions do not say. */
  board_records: z.int().nonnegative().optional(),
});

/** See {@link checkpointState}. */
export type CheckpointState = z.infer<typeof checkpointState>;

/** Text of a state, refusing what JSON would change in silence (NaN and infinities become null). */
export function stateText(value: unknown): string {
  refuseInexact(value, 'checkpoint');
  return `${JSON.stringify(value, null, 2)}\n`;
}

function refuseInexact(value: unknown, where: string): void {
  const kind = typeof value;
  if (value === null || kind === 'string' || kind === 'boolean') return;
  if (kind === 'number' && Number.isFinite(value)) return;
  if (kind === 'object') {
    for (const [key, part] of Object.entries(value as object)) refuseInexact(part, `${where}.${key}`);
    return;
  }
  throw new BgbError(
    'CHECKPOINT_STATE',
    `${where} is ${String(value)} (${kind}), which JSON cannot keep; store null or a string instead.`,
  );
}
