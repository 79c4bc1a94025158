import type { ProcessGroup } from '../torch/index.ts';

/**
 * The processes of a data-parallel training, as one of them sees them. Each has a share of every batch; what they compute
 * is what one process computes with all of it. The first keeps the run: it logs, saves and evaluates.
 */
export class TrainingPeers {
  readonly group: ProcessGroup;
  #words = 0;

  constructor(group: ProcessGroup) {
    this.group = group;
  }

  /** Whether this is the process that keeps the run. */
  get isFirst(): boolean {
    return this.group.rank === 0;
  }

  /** How many of `count` windows each process has, in order of ranks: one more for the first where they do not divide. */
  shares(count: number): number[] {
    const { size } = this.group;
    return Array.from(
      { length: size },
      (_, rank) => boundary(count, rank + 1, size) - boundary(count, rank, size),
    );
  }

  /**
   * This process's part of a batch. One with fewer windows than processes leaves some without: they run along with the
   * first window, which does not count, since every process has to take part in every sum.
   */
  own(indices: readonly number[]): readonly number[] {
    const { rank, size } = this.group;
    const part = indices.slice(
      boundary(indices.length, rank, size),
      boundary(indices.length, rank + 1, size),
    );
    return part.length > 0 ? part : indices.slice(0, 1);
  }

  /**
   * What the first process says, in all of them: each calls this at the same points of its way.
   *
   * @param word of the first process; the others wait for it
   */
  agree<T extends string | number | boolean | null | object>(word: () => T): T {
    const name = `word/${this.#words++}`;
    if (!this.isFirst) return JSON.parse(this.group.ask(name)) as T;
    const said = word();
    this.group.tell(name, JSON.stringify(said));
    return said;
  }

  /** As {@link agree}, for what takes a while. */
  async agreeLater<T extends string | number | boolean | null | object>(word: () => Promise<T>): Promise<T> {
    if (!this.isFirst) return this.agree<T>(() => null as T);
    const said = await word();
    return this.agree(() => said);
  }
}

/** Where the part of process `rank` begins. */
function boundary(count: number, rank: number, size: number): number {
  return Math.ceil((count * rank) / size);
}
