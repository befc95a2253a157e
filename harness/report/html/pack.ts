/** Data inside a page: JSON that cannot end its script element, and packed JSON that is opened when it is needed. */
import { deflateSync } from 'node:zlib';

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
