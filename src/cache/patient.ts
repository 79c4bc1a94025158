import { sep } from 'node:path';

/**
 * Who a recording is of, from its path relative to the data folder, by the corpora's naming rules:
 *
 * - BIDS: `sub-X` anywhere in the path;
 * - CHB-MIT: `chbNN_...`; chb21 is chb01, 1.5 years later (PhysioNet's SUBJECT-INFO);
 * - TUSZ: `aaaaaaac_s001_t000`, the eight letters;
 * - Siena: `PNNN-...`;
 * - else the first folder, or the file name where there is none.
 */
export function patientOf(relativePath: string): string {
  const parts = relativePath.split(sep).flatMap((part) => part.split('/'));
  const name = parts.at(-1)!.replace(/\.(edf|bdf)$/i, '');
  const bids = /(?:^|\/)(sub-[A-Za-z0-9]+)/.exec(parts.join('/'))?.[1];
  if (bids !== undefined) return bids;
  const chbmit = /^(chb\d\d)[_+]?/.exec(name)?.[1];
  if (chbmit !== undefined) return chbmit === 'chb21' ? 'chb01' : chbmit;
  const tusz = /^([a-z]{8})_s\d{3}_t\d{3}/.exec(name)?.[1];
  if (tusz !== undefined) return tusz;
  const siena = /^(PN\d\d)-/.exec(name)?.[1];
  if (siena !== undefined) return siena;
  return parts.length > 1 ? parts[0]! : name;
}
