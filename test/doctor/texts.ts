// What programs really printed, for the tests of what reads it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A capture in test/doctor/captures. */
export function capture(name: string): string {
  return readFileSync(join(import.meta.dirname, 'captures', name), 'utf8');
}
