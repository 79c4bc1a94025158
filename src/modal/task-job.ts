import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Forwarded } from '../config/index.ts';
import { canonicalJson, sha256 } from '../files/index.ts';
import type { Job } from '../places/index.ts';
import { bridgePath, type CodeBundle, codePath } from './code-bundle.ts';
import { type Resources, SAVING_S } from './resources.ts';
import { RESULTS } from './sandboxes.ts';

/** A command of bgb that runs there as it would here, and is done when it ends with exit code 0. */
export interface TaskRequest {
  readonly run: string;
  /** Command lines before it, once; and the command line itself. A local file after --config goes along. */
  readonly before: readonly (readonly string[])[];
  readonly command: readonly string[];
  readonly variables: Forwarded;
  readonly resources: Omit<Resources, 'code_path' | 'bridge_path'>;
  readonly code: Pick<CodeBundle, 'hash' | 'bridge'>;
  readonly now: Date;
}

export async function taskJob(request: TaskRequest): Promise<Job> {
  const { run, before, command, variables, resources, code, now } = request;
  const local = localConfig(command);
  const placed = (words: readonly string[]) => words.map((word) => (word === local ? 'CONFIG' : word));
  return {
    format: 'bgb-job',
    version: 1,
    run,
    token: randomBytes(8).toString('hex'),
    created_at: now.toISOString(),
    command: placed(command),
    config: local === null ? null : { name: basename(local), text: await readFile(local, 'utf8') },
    output_dir: null,
    done: null,
    results: RESULTS,
    environment: { ...variables.always },
    environment_once: { ...variables.once },
    resume: [],
    is_resuming: false,
    stage: null,
    before: before.map(placed),
    commit: ['sync', RESULTS],
    limit_s: Math.max(60, resources.timeout_s - SAVING_S),
    hashes: { code: code.hash, config: sha256(canonicalJson(command)).slice(0, 16) },
    place: {
      ...resources,
      secrets: [...resources.secrets],
      code_path: codePath(code.hash),
      bridge_path: bridgePath(code.bridge),
    },
  };
}

/** A configuration of this machine among the words: after --config, or a .yaml file that is no path there. */
function localConfig(words: readonly string[]): string | null {
  const named = words[words.indexOf('--config') + 1];
  const found = words.includes('--config') ? named : words.find((word) => /\.ya?ml$/.test(word));
  return found === undefined || found.startsWith(`${RESULTS}/`) ? null : found;
}
