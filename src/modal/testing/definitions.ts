import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CompatServiceDefinition } from 'nice-grpc';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The SDK's own service definitions, which it does not export: a copy of its code with an export appended, so that the
 * stand-in always speaks what the pinned version speaks.
 */
export async function sdkDefinitions(): Promise<{
  readonly control: CompatServiceDefinition;
  readonly router: CompatServiceDefinition;
}> {
  const code = readFileSync(join(ROOT, 'node_modules/modal/dist/index.js'), 'utf8');
  const folder = join(ROOT, 'node_modules/.cache/bgb-stand-in');
  mkdirSync(folder, { recursive: true });
  const copy = join(folder, `definitions-${process.pid}.mjs`);
  writeFileSync(
    copy,
    `${code}\nexport { ModalClientDefinition as control, TaskCommandRouterDefinition as router };\n`,
  );
  return await import(pathToFileURL(copy).href);
}
