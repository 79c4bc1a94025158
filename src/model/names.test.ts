import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { createModel } from './index.ts';

const PLACEHOLDERS: Record<string, string> = {
  i: '\\d+',
  j: '\\d+',
  direction: '(?:forward|backward)_mamba',
  'weight,bias': '(?:weight|bias)',
  '*': '(?:weight|bias|running_mean|running_var|num_batches_tracked)',
};

/** The patterns in the first column of docs/model.md's table of names. */
function documentedNames(): { pattern: string; test: RegExp }[] {
  const page = readFileSync(new URL('../../docs/model.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\S*\.\S*)` \|/gm)].map((match) => match[1]!);
  return rows.map((pattern) => {
    const source = pattern
      .replaceAll('.', '\\.')
      .replace(/\{(.+?)\}/g, (_, placeholder: string) => PLACEHOLDERS[placeholder]!);
    return { pattern, test: new RegExp(`^${source}$`) };
  });
}

test('docs/model.md names every weight once, and none that does not exist', () => {
  const { store } = createModel(
    configSchema.parse({
      model: {
        encoder: { stages: 2, channels: [4, 8] },
        decoder: { stages: 2 },
        mamba: { d_model: 8, head_dim: 4 },
      },
    }).model,
    { channels: 3, seed: 1 },
  );
  const names = [...store.parameters.keys(), ...store.buffers.keys()];
  const documented = documentedNames();
  expect(documented.length).toBe(23);
  for (const name of names)
    expect(
      documented.filter(({ test }) => test.test(name)),
      name,
    ).toHaveLength(1);
  for (const { pattern, test } of documented)
    expect(
      names.filter((name) => test.test(name)),
      pattern,
    ).not.toHaveLength(0);
});
