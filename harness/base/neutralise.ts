/** Bytes and text from elsewhere as text that is safe to show on a terminal. */

/** Longer lines are cut here; a probe frame has at most 900 characters (docs/probe-protocol.md). */
export const LINE_CAP_CHARS = 4096;
const CUT_MARK = ' [cut]';

/** Any byte sequence as text without control characters. Also right for text that came in as UTF-8. */
export function safeText(bytes: Uint8Array): { text: string; altered: boolean } {
  // Six bytes of input may become one character at worst; no need to decode far past the cap.
  const long = bytes.length > LINE_CAP_CHARS * 6;
  const decoded = decode(long ? bytes.subarray(0, LINE_CAP_CHARS * 6) : bytes);
  const clean = neutraliseStart(decoded.text, LINE_CAP_CHARS + 1);
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
    for (const byte of bytes) {
      text += byte < 0x80 ? String.fromCharCode(byte) : hex(byte);
      if (text.length > LINE_CAP_CHARS * 6) break;
    }
    return { text, invalid: true };
  }
}

// CSI (ESC [ ... final), OSC (ESC ] ... BEL or ESC \), and two- or three-byte escapes (ESC c, ESC ( B).
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /\x1b(?:\[[0-?]{0,64}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[ -/]{0,2}[0-Z^-~])/g;
/**
 * What acts on a terminal, reorders or hides text, or shows nothing: control and format characters (Cc, Cf), those that
 * Unicode has renderers leave out (Default_Ignorable_Code_Point: fillers, variation selectors, tags), separators of
 * lines, the empty Braille pattern, and what is no character. For a class of a regular expression with
 * the flag u; the tab is among them.
 */
export const ODD_CLASS =
  '\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\u2800\\p{Noncharacter_Code_Point}';
const ODD = new RegExp(`(?!\t)[${ODD_CLASS}]`, 'gu');
/** Nearly every line: nothing to do. */
const PLAIN = /^[\t\x20-\x7e]*$/;

/** Removes terminal escape sequences and writes what is left of control characters as \xHH. */
export function neutralise(text: string): string {
  return neutraliseStart(text, Number.POSITIVE_INFINITY);
}

/** The same, of at least the first `enough` characters of the outcome. */
function neutraliseStart(text: string, enough: number): string {
  if (PLAIN.test(text)) return text;
  const bare = text.toWellFormed().replace(SEQUENCES, '');
  // Escapes only lengthen what is left.
  const kept = bare.length > enough ? bare.slice(0, enough).toWellFormed() : bare;
  return kept.replace(ODD, (c) => hex(c.codePointAt(0) ?? 0));
}

/** Made once: a hostile console has millions of them. */
const BYTES = Array.from({ length: 0x100 }, (_, code) => `\\x${code.toString(16).padStart(2, '0')}`);

function hex(code: number): string {
  return BYTES[code] ?? `\\u{${code.toString(16)}}`;
}
