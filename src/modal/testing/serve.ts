/**
 * The stand-in as a server, to try commands by hand without an account:
 *
 *     bash scripts/with-node.sh src/modal/testing/serve.ts &      prints what to export; Ctrl-C ends it
 */
import { StandIn } from './stand-in.ts';

const standIn = await StandIn.start({ environment: { BGB_LIBTORCH: process.env.BGB_LIBTORCH ?? '' } });
for (const [name, value] of Object.entries(standIn.variables)) console.log(`export ${name}=${value}`);
console.log(`# its files: ${standIn.folder}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void standIn[Symbol.asyncDispose]().then(() => process.exit(0)));
