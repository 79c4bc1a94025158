import { readEnvironment, surroundings } from '../config/index.ts';
import { InputError } from '../errors.ts';
import type { DoctorOptions } from './doctor.ts';
import { SaidAlready } from './exit.ts';
import { writeJson } from './output.ts';

/** Looks, mends what was asked for, and reports; or writes fields into a configuration. @throws SaidAlready with exit code 1 where something is wrong */
export async function doctorCommand(path: string | null, options: DoctorOptions): Promise<void> {
  if (options.write.length > 0) {
    if (path === null)
      throw new InputError('CLI_DOCTOR', '--write changes a configuration file: give its path.');
    const { writeSettings } = await import('../doctor/index.ts');
    const changes = await writeSettings(path, options.write);
    if (options.json) writeJson({ path, changes });
    else process.stdout.write(changes.map((change) => `${change}\n`).join(''));
    return;
  }
  const { examine, lookAt, reportDocument, reportText } = await import('../doctor/index.ts');
  const look = () =>
    lookAt({
      path,
      set: options.set,
      environment: readEnvironment(),
      surroundings: surroundings(),
      isDeep: options.deep === true,
      hasTerminal: process.stderr.isTTY === true,
      now: new Date(),
    });
  let subject = await look();
  let examination = examine(subject);
  const fixed: string[] = [];
  const repairs = options.fix ? examination.findings.flatMap(({ repair }) => repair ?? []) : [];
  if (repairs.length > 0) {
    for (const { says } of repairs) process.stderr.write(`Fixing: ${says}\n`);
    for (const { says, mend } of repairs) {
      await mend();
      fixed.push(says);
    }
    subject = await look();
    examination = examine(subject);
  }
  const { kind, path: looked } = subject.target;
  if (options.json) writeJson({ target: { kind, path: looked }, ...reportDocument(examination), fixed });
  else process.stdout.write(reportText(examination));
  if (examination.findings.length > 0) throw new SaidAlready(1);
}
