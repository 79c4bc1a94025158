/** Prints the schema of every `aten` operator of the libtorch at hand, sorted; see native/schemas/. */
import { createRequire } from 'node:module';

const bridge = createRequire(import.meta.url)('../build/bridge/bgb.node') as { allSchemas(): string[] };
for (const schema of bridge
  .allSchemas()
  .filter((text) => text.startsWith('aten::'))
  .sort())
  console.log(schema);
