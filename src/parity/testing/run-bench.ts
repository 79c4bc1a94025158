// A small run and its cache, and copies of it in which one thing is changed.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareRuns, type RunComparison } from '../compare-runs.ts';
import { isRun, sideOf } from '../run-side.ts';
import { makeCorpus, trainSmall } from './small-runs.ts';

// biome-ignore lint/suspicious/noExplicitAny: whatever a file of a run holds
export type Content = any;

export class RunBench implements AsyncDisposable {
  readonly folder: string;
  readonly cache: string;
  /** A run that is trained to its end. */
  readonly plain: string;
  #count = 0;

  private constructor(folder: string, cache: string, plain: string) {
    this.folder = folder;
    this.cache = cache;
    this.plain = plain;
  }

  static async open(): Promise<RunBench> {
    const folder = await mkdtemp(join(tmpdir(), 'bgb-runs-'));
    const cache = await makeCorpus(join(folder, 'corpus'));
    return new RunBench(folder, cache, await trainSmall(join(folder, 'plain'), cache));
  }

  /** A folder that is not there yet. */
  fresh(name: string): string {
    return join(this.folder, `${name}-${this.#count++}`);
  }

  async train(...set: readonly string[]): Promise<string> {
    return trainSmall(this.fresh('run'), this.cache, { set });
  }

  async compare(a: string, b: string): Promise<RunComparison> {
    const [one, other] = [await sideOf(a, []), await sideOf(b, [])];
    if (!isRun(one) || !isRun(other)) throw new Error('no runs');
    return compareRuns(one, other);
  }

  async copy(run = this.plain): Promise<string> {
    const copy = this.fresh('copy');
    await cp(run, copy, { recursive: true });
    return copy;
  }

  /** A copy of a run with a JSON file of it changed. */
  async altered(name: string, change: (content: Content) => void, run = this.plain): Promise<string> {
    const copy = await this.copy(run);
    const path = join(copy, name);
    const content = JSON.parse(await readFile(path, 'utf8'));
    change(content);
    await writeFile(path, JSON.stringify(content));
    return copy;
  }

  /** Changes the text of a run's log. */
  async rewriteLog(run: string, change: (text: string) => string): Promise<void> {
    const path = join(run, 'events.jsonl');
    await writeFile(path, change(await readFile(path, 'utf8')));
  }

  async scaleLosses(run: string, factor: number): Promise<void> {
    await this.rewriteLog(run, (text) =>
      text.replaceAll(/"loss":([\d.e+-]+)/g, (_whole, loss: string) => `"loss":${Number(loss) * factor}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
