/** Fingerprints of sets, by which two lists can be compared without showing them. */
import { createHash } from 'node:crypto';

/** SHA-256 of the sorted texts, a line each. Sorted by their bytes, so that every program gets the same. */
export function digestOfSet(texts: ReadonlySet<string>): string {
  const hash = createHash('sha256');
  for (const text of [...texts].toSorted(byCodeUnit)) hash.update(`${text}\n`);
  return hash.digest('hex');
}

/** Ids are ASCII, for which code units and bytes have the same order. */
const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
