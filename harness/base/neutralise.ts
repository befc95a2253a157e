/** Bytes and text from elsewhere as text that is safe to show on a terminal. */
/** Raw console bytes to lines that are safe to show, each with its 1-based number in the file. */

/** Longer lines are cut here; a probe frame has at most 900 characters (docs/probe-protocol.md). */
export const LINE_CAP_CHARS = 4096;
const CUT_MARK = ' [cut]';

/** Any byte sequence as text without control characters. Also right for text that came in as UTF-8. */
export function safeText(bytes: Uint8Array): { text: string; altered: boolean } {
  // Six bytes of input may become one character at worst; no need to decode far past the cap.
  const long = bytes.length > LINE_CAP_CHARS * 6;
  const decoded = decode(long ? bytes.subarray(0, LINE_CAP_CHARS * 6) : bytes);
  const clean = neutralise(decoded.text);
  const cut = long || clean.length > LINE_CAP_CHARS;
  return {
    text: cut ? clean.slice(0, LINE_CAP_CHARS) + CUT_MARK : clean,
    altered: cut || decoded.invalid || clean !== decoded.text,
  };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): { text: string; invalid: boolean } {
  try {
    return { text: strict.decode(bytes), invalid: false };
  } catch {
    let text = '';
    for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : hex(byte);
    return { text, invalid: true };
  }
}

// CSI (ESC [ ... final), OSC (ESC ] ... BEL or ESC \), and two- or three-byte escapes (ESC c, ESC ( B).
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /\x1b(?:\[[0-?]{0,64}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[ -/]{0,2}[0-Z^-~])/g;
// C0 without tab, DEL, C1, the characters that reorder or hide text on a terminal, and what is no character.
const ODD =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]/g;

/** Removes terminal escape sequences and writes what is left of control characters as \xHH. */
export function neutralise(text: string): string {
  return text
    .toWellFormed()
    .replace(SEQUENCES, '')
    .replace(ODD, (c) => hex(c.charCodeAt(0)));
}

function hex(code: number): string {
  return code > 0xff ? `\\u{${code.toString(16)}}` : `\\x${code.toString(16).padStart(2, '0')}`;
}
