import type { RunSubject } from './run-subject.ts';

export async function lookAtRun(folder: string, _now: Date): Promise<RunSubject> {
  return { folder, leftovers: [] } as unknown as RunSubject;
}
