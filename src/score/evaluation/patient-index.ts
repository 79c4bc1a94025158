import { PatientBootstrap } from './patient-bootstrap.ts';

/** Numbers for patients, from 0 in order of appearance, so that counts can lie in arrays. */
export class PatientIndex {
  readonly #numbers = new Map<string, number>();

  /** In order of appearance. */
  get names(): string[] {
    return [...this.#numbers.keys()];
  }

  /** The patient's number; the next one for a name that is new. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** Draws of these patients that hang on their names, not on the order of appearance. */
  bootstrap(seed: number): PatientBootstrap {
    const byName = [...this.#numbers].sort(([a], [b]) => (a < b ? -1 : 1));
    return new PatientBootstrap(
      byName.map(([, number]) => number),
      { seed },
    );
  }
}
