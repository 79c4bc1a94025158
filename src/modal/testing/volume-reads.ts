import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ServerError, Status } from 'nice-grpc';
import type { Handler, StandIn } from './stand-in.ts';

/** As in the cloud files are handed out in blocks; small here, so that a few kB are several. */
const BLOCK_BYTES = 1000;

/** Listing and reading volumes without a container: blocks come from an HTTP server of their own. */
export class VolumeReads implements AsyncDisposable {
  readonly #standIn: StandIn;
  readonly #server: Server;

  constructor(standIn: StandIn) {
    this.#standIn = standIn;
    this.#server = createServer((request, response) => {
      const [, volume = '', path = '', start = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
      if (standIn.faults.areBlocksGone) return void response.writeHead(503).end();
      const content = readFileSync(join(standIn.volume(volume).folder, path));
      response.end(content.subarray(Number(start), Number(start) + BLOCK_BYTES));
    });
    this.#server.listen(0, '127.0.0.1');
    this.#server.unref();
  }

  get handlers(): Record<string, Handler> {
    const inVolume = (volumeId: string, path: string) => {
      const whole = join(this.#standIn.volume(volumeId.slice(3)).folder, path);
      const stat = statSync(whole, { throwIfNoEntry: false });
      if (stat === undefined) throw new ServerError(Status.NOT_FOUND, `no ${path} in the volume`);
      return { whole, stat };
    };
    return {
      volumeListFiles2: async function* ({ volumeId, path }) {
        const entries = readdirSync(inVolume(volumeId, path).whole, { withFileTypes: true });
        yield {
          entries: entries.map((entry) => ({ path: join(path, entry.name), type: entry.isFile() ? 1 : 2 })),
        };
      },
      volumeGetFile2: ({ volumeId, path }) => {
        const { stat } = inVolume(volumeId, path);
        if (!stat.isFile()) throw new ServerError(Status.NOT_FOUND, `${path} is no file`);
        const { port } = this.#server.address() as AddressInfo;
        const words = [volumeId.slice(3), path].map(encodeURIComponent).join('/');
        const getUrls: string[] = [];
        for (let at = 0; at < stat.size; at += BLOCK_BYTES)
          getUrls.push(`http://127.0.0.1:${port}/${words}/${at}`);
        return { getUrls, size: stat.size, start: 0, len: stat.size };
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
