/** Real consoles of nested guests (test/captures/nested/README.md), and damage to them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const APPLIANCE_NONCE = 'feedface';
export const GUEST_NONCE = '0badcafe';

export function capture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '..', 'captures', 'nested', name));
}

/** The same console with one text in place of another, which must be there once. */
export function altered(console: Buffer, before: string, after: string): Buffer {
  const text = console.toString('latin1');
  if (text.split(before).length !== 2) throw new Error(`"${before}" is not there once`);
  return Buffer.from(
    text.replace(before, () => after),
    'latin1',
  );
}
