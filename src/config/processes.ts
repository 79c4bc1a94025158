import type { Config } from './schema.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** A process's place among those that train together. */
export interface ProcessPlace {
  /** From 0; the first keeps the run. */
  readonly rank: number;
  readonly size: number;
  /** Of this machine, at which the first listens; 0 lets it choose. */
  readonly port: number;
}

const VARIABLE = 'BGB_PROCESS';

/**
 * How many processes train together: `resources.processes`, where `auto`, or `resources.distributed` alone, is one for
 * each GPU that computes.
 *
 * @param gpus that are visible; 0 where the CPU computes
 */
export function processesOf({ processes, distributed }: Config['resources'], gpus: number): number {
  const asked = distributed && processes === 1 ? 'auto' : processes;
  return asked === 'auto' ? Math.max(1, gpus) : asked;
}

/** The place that a process was started for, as in `1/4:29500`; null for a process of its own. */
export function placeOfProcess(variables: Variables = process.env): ProcessPlace | null {
  const [, rank, size, port] = /^(\d+)\/(\d+):(\d+)$/.exec(variables[VARIABLE] ?? '') ?? [];
  return rank === undefined ? null : { rank: Number(rank), size: Number(size), port: Number(port) };
}

/** The environment that a process is started with: its place, and the one GPU that it sees. */
export function environmentOfProcess(place: ProcessPlace, variables: Variables = process.env): Variables {
  const { rank, size, port } = place;
  const visible = variables.CUDA_VISIBLE_DEVICES?.split(',').filter((gpu) => gpu.trim() !== '');
  return {
    ...variables,
    [VARIABLE]: `${rank}/${size}:${port}`,
    CUDA_VISIBLE_DEVICES: visible === undefined ? String(rank) : (visible[rank] ?? ''),
  };
}
