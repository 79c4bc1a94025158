import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

/** A kernel file without the marks that make it a string literal of the bridge, for a compiler. */
function sourceOf(name: string): string {
  const text = readFileSync(join(here, 'kernels', name), 'utf8');
  expect(text.startsWith('R"cuda(') && text.endsWith(')cuda"\n')).toBe(true);
  return text.slice('R"cuda('.length, -')cuda"\n'.length);
}

interface Finding {
  readonly kernel: string;
  readonly dtype: 'float32' | 'bfloat16';
  readonly sizes: string;
  readonly name: string;
  readonly error: number;
}

/** Compiles a program of native/testing/ with these kernels in it, emulated on the CPU, and runs it. */
function emulate(program: string, modules: readonly string[]): Finding[] {
  const folder = mkdtempSync(join(tmpdir(), 'bgb-kernels-'));
  try {
    for (const name of modules) {
      const source = `${sourceOf('prelude.cu')}\n${sourceOf(`${name}.cu`)}`
        .replace(
          /extern __shared__ __align__\(16\) unsigned char memory\[\];/g,
          'unsigned char* memory = emulated::shared;',
        )
        .replace(/^#pragma unroll.*$/gm, '');
      writeFileSync(join(folder, `${name}.inc`), source);
    }
    const binary = join(folder, 'program');
    const include = ['-I', join(here, 'testing'), '-I', folder];
    const flags = ['-std=c++17', '-O1', '-w', ...include, join(here, 'testing', program), '-o', binary];
    const compiled = spawnSync('g++', flags, { encoding: 'utf8' });
    expect(compiled.stderr).toBe('');
    const run = spawnSync(binary, { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    return run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Finding);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const LIMITS = { float32: 1e-5, bfloat16: 1e-2 };

function expectAllWithin(findings: readonly Finding[]) {
  for (const { kernel, dtype, sizes, name, error } of findings)
    expect(error, `${kernel}, ${dtype}, ${sizes}: ${name}`).toBeLessThan(LIMITS[dtype]);
}

test('the SSD kernels, emulated, equal the recurrence in float64: output and all gradients', () => {
  const findings = emulate('emulated_ssd.cc', ['ssd']);
  expect(findings).toHaveLength(12 * 7);
  expectAllWithin(findings);
});

test('the other kernels, emulated, equal plain float64 sums', () => {
  const findings = emulate('emulated_layers.cc', [
    'causal_convolution',
    'gated_norm',
    'residual_norm',
    'batch_norm',
    'training',
  ]);
  expect(new Set(findings.map(({ kernel }) => kernel))).toEqual(
    new Set(['causal_convolution', 'gated_norm', 'residual_norm', 'batch_norm', 'adamw']),
  );
  expectAllWithin(findings);
});
