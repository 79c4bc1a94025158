import { afterEach, beforeEach, vi } from 'vitest';

/** Catches what commands write in each test of a file, from the start of the test. */
export function catchWrites(): { output: string; errors: string } {
  const written = { output: '', errors: '' };
  beforeEach(() => {
    Object.assign(written, { output: '', errors: '' });
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.output += text;
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.errors += text;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return written;
}
