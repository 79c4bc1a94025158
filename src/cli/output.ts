import { Option } from 'commander';
import type { Environment, LoadedConfig } from '../config/index.ts';

/** The convention of `--json`: one document on standard output, everything else on standard error. */
export const JSON_OPTION = ['--json', 'print one JSON document to standard output'] as const;

/** `--set`: repeatable, collected into a list. */
export function setOption(): Option {
  return new Option(
    '--set <field=value>',
    'change a field of the configuration, such as training.epochs=3 (repeatable)',
  )
    .argParser((assignment: string, before: readonly string[]) => [...before, assignment])
    .default([], 'none');
}

export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Says once, before any work, what the environment and the configuration deserve a word about (failures H1). */
export function announce(
  inForce: Readonly<Record<string, string>>,
  environment: Pick<Environment, 'notices'>,
  config: Pick<LoadedConfig, 'notices'> | null = null,
): void {
  const lines = [
    ...Object.entries(inForce).map(([name, value]) => `In force: ${name}=${value}`),
    ...[...environment.notices, ...(config?.notices ?? [])].map(({ message }) => `Notice: ${message}`),
  ];
  for (const line of lines) process.stderr.write(`${line}\n`);
}
