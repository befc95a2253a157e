/** Packs what cells open, and keeps the page's size sane: consoles of expected cells are the first to be shortened. */
import { packJson } from './pack.ts';
import type { Opened } from './types.ts';

/** Characters of packed cells in one page. A console of an ordinary boot packs to some 15,000. */
export const PACKED_LIMIT_CHARS = 48 * 1024 * 1024;

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
