/** Packs what cells open, and keeps the page's size sane: consoles of expected cells are the first to be shortened. */

import { deflateSync } from 'node:zlib';
import type { Opened } from './types.ts';

/** Characters of packed cells in one page. A console of an ordinary boot packs to some 15,000. */
const PACKED_LIMIT_CHARS = 48 * 1024 * 1024;

export interface Packer {
  /** `make` is called again for an excerpt if the whole does not fit. */
  pack(make: (extent: 'whole' | 'excerpt') => Promise<Opened>): Promise<string>;
  /** Cells whose consoles were shortened. */
  shortened(): number;
}

export function makePacker(limitChars = PACKED_LIMIT_CHARS): Packer {
  let total = 0;
  let shortened = 0;
  return {
    async pack(make) {
      if (total < limitChars) {
        const whole = packJson(await make('whole'));
        if (total + whole.length <= limitChars) {
          total += whole.length;
          return whole;
        }
      }
      shortened++;
      const excerpt = packJson(await make('excerpt'));
      total += excerpt.length;
      return excerpt;
    },
    shortened: () => shortened,
  };
}

/**
 * JSON for a script element of a data type. The element ends at "</script" and changes its rules at "<!--" (HTML
 * standard, script data states), so no "<" may stand in it; U+2028 and U+2029 are line ends to old JavaScript.
 */
export function embedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Deflated (RFC 1950, "deflate" to a browser's DecompressionStream) and base64: nothing in it means anything to HTML. */
export function packJson(value: unknown): string {
  return deflateSync(JSON.stringify(value), { level: 9 }).toString('base64');
}
