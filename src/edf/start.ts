/** A start as its header states it, and what was odd about it. */
export interface HeaderStart {
  /** ISO 8601 local time without zone, or null where the header's date or time is none. */
  readonly startedAt: string | null;
  readonly hasOddForm: boolean;
}

/**
 * Start date `dd.mm.yy` and time `hh.mm.ss`. Two-digit years run from 1985 to 2084 (EDF+ specification, section
 * 2.1.3.2). Other separators and missing leading zeros occur and are accepted, as odd.
 */
export function parseStart(date: string, time: string): HeaderStart {
  const three = /^\s?(\d{1,2})([./: -])\s?(\d{1,2})([./: -])\s?(\d{1,2})$/;
  const day = three.exec(date);
  const clock = three.exec(time);
  if (day === null || clock === null) return { startedAt: null, hasOddForm: false };
  const two = (text: string | undefined) => text!.padStart(2, '0');
  const year = Number(day[5]) + (Number(day[5]) >= 85 ? 1900 : 2000);
  const iso = `${year}-${two(day[3])}-${two(day[1])}T${two(clock[1])}:${two(clock[3])}:${two(clock[5])}`;
  const parsed = new Date(`${iso}Z`);
  // Date rolls 30 February over to March; only what comes back unchanged is a date.
  const isDate = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(iso);
  const hasOddForm = !/^\d\d\.\d\d\.\d\d$/.test(date) || !/^\d\d\.\d\d\.\d\d$/.test(time);
  return { startedAt: isDate ? iso : null, hasOddForm: isDate && hasOddForm };
}

/** A start some seconds later, to the microsecond: EDF+ keeps fractions in the first time-keeping annotation. */
export function shiftedStart(startedAt: string | null, seconds: number): string | null {
  if (startedAt === null || seconds === 0) return startedAt;
  const microseconds = Math.round(seconds * 1e6);
  const whole = Math.floor(microseconds / 1e6);
  const moved = new Date(Date.parse(`${startedAt}Z`) + whole * 1000);
  // Beyond the years 0 to 9999 there is no plain ISO 8601.
  if (Number.isNaN(moved.getTime()) || !/^\d{4}-/.test(moved.toISOString())) return null;
  const fraction = String(microseconds - whole * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${moved.toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}`;
}
