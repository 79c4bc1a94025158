import type { ModalClient } from 'modal';
import { BgbError } from '../errors.ts';
import { isNotFound, isSdkError } from './sdk.ts';

/** A block may take long on a slow line; one that does not come at all is given up. */
const BLOCK_TIMEOUT_MS = 60_000;
const AT_ONCE = 8;

/**
 * Files of a volume as of its last commit, read without a container: Modal lists and hands them out by itself, in blocks that
 * are fetched by HTTP, as its own `modal volume get` does.
 */
export class VolumeFiles {
  readonly #client: ModalClient;
  readonly #name: string;
  readonly #mount: string;
  #volumeId: Promise<string | null> | null = null;

  /** @param mount where containers see the volume: paths begin with it */
  constructor(client: ModalClient, name: string, mount: string) {
    this.#client = client;
    this.#name = name;
    this.#mount = mount;
  }

  /** As `readFiles` of a container (places/remote-files.ts). @throws whatever a call to Modal does; BgbError `PLACE_ANSWER` */
  async read(patterns: readonly string[]): Promise<Map<string, string>> {
    this.#volumeId ??= this.#find();
    const volumeId = await this.#volumeId;
    const contents = new Map<string, string>();
    if (volumeId === null) return contents;
    const relative = patterns.map((pattern) => pattern.slice(this.#mount.length + 1).split('/'));
    const expanded = await Promise.all(relative.map((segments) => this.#expand(volumeId, '', segments)));
    const left = expanded.flat().values();
    const readNext = async () => {
      for (const path of left) {
        const text = await this.#text(volumeId, path);
        if (text !== null) contents.set(`${this.#mount}/${path}`, text);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, readNext));
    return contents;
  }

  /** null where nothing was ever kept: reading makes no volume. */
  async #find(): Promise<string | null> {
    try {
      return (await this.#client.volumes.fromName(this.#name)).volumeId;
    } catch (error) {
      if (isSdkError(error, 'NotFoundError')) return null;
      throw error;
    }
  }

  /** The paths that a pattern may stand for, segment by segment. */
  async #expand(volumeId: string, before: string, segments: readonly string[]): Promise<string[]> {
    const at = segments.findIndex((segment) => segment.includes('*'));
    const path = (...more: readonly string[]) => [before, ...more].filter((each) => each !== '').join('/');
    if (at < 0) return [path(...segments)];
    const folder = path(...segments.slice(0, at));
    const [first = '', last = ''] = segments[at]!.split('*');
    const matching = (await this.#names(volumeId, folder)).filter(
      (name) => name.length >= first.length + last.length && name.startsWith(first) && name.endsWith(last) && !name.startsWith('.'),
    ); // biome-ignore format: one condition
    const found = matching.map((name) => this.#expand(volumeId, `${folder}/${name}`, segments.slice(at + 1)));
    return (await Promise.all(found)).flat();
  }

  async #names(volumeId: string, folder: string): Promise<string[]> {
    try {
      const names: string[] = [];
      for await (const { entries } of this.#client.cpClient.volumeListFiles2({ volumeId, path: folder }))
        names.push(...entries.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)));
      return names;
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  async #text(volumeId: string, path: string): Promise<string | null> {
    try {
      const { getUrls, len } = await this.#client.cpClient.volumeGetFile2({ volumeId, path });
      const blocks: Buffer[] = [];
      for (const url of getUrls) blocks.push(await block(url, path));
      const whole = Buffer.concat(blocks);
      if (whole.length !== len) throw cut(path, `${len} bytes`, `${whole.length}`);
      return whole.toString('utf8');
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }
}

async function block(url: string, path: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(BLOCK_TIMEOUT_MS) });
  if (!answer.ok) throw cut(path, 'a block of it', `${answer.status} ${answer.statusText}`);
  return Buffer.from(await answer.arrayBuffer());
}

function cut(path: string, expected: string, found: string): BgbError {
  return new BgbError(
    'PLACE_ANSWER',
    `Modal's answer for ${path} was cut: expected ${expected}, found ${found}. Repeat the command.`,
  );
}
