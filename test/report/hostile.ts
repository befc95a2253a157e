/** A run in which every text that came from a guest, a file or another machine was chosen by an enemy. */
import { parseEvent } from '../../harness/record/schema.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { SAMPLE } from '../record/sample-run.ts';

/** Each acts on something that a report may be shown in. */
export const ATTACKS: readonly string[] = [
  '\u001b[35;7mcolour\u001b[2J\u001b[1;1H', // colours, clears, moves
  '\u001b]0;title\u0007\u001b]8;;http://evil.example/\u001b\\link\u001b]8;;\u001b\\', // title, link
  '\u001b]52;c;ZXZpbA==\u0007\u001bP1$r\u001b\\', // clipboard, device control
  '\u009b2J\u009d0;title\u009c\u0090q\u009c', // the same as C1
  '\u0000\u0007\u0008\u000b\u000c\u000e\u007f\r\nok 99 - forged\n::error::forged\n ##[error]forged ##vso[task.x]y ', // NUL, bell, line ends
  '\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c\u200b\u00ad\ufeff\ufff9\u2028', // order and width
  '\ud800 \udc00 \ufffe \uffff', // lone surrogates, no characters
  ']]></failure></testcase><script>alert(1)</script><img src=x onerror=alert(1)> & &lt; -->', // XML, HTML
  '| a | `b` ``` *c* _d_ ~~e~~ [f](javascript:alert(1)) ![g](http://evil.example/g.png) $h$', // markdown
  '@root #1 GH-1 https://evil.example www.evil.example evil@evil.example <!-- \\', // mentions, links
  '# SKIP # TODO \\# \n---\n...\nBail out!\n1..0\n', // TAP
  '"\'$' + '{jndi:x}$(id)`id`;%s%n\t{{x}}', // quotes, shells, formats
  'x'.repeat(6000),
];
export const ENEMY = ATTACKS.join(' ');

/** A command to the runner of a CI, which would begin a line, be it after spaces. */
export const FORGED = /^\s*(?:::|##(?:\[|vso\[|teamcity\[))/m;

/** Words of the format, digests and times: another value would make it another kind of event, or none. */
const FIXED = new Set(
  'type at sha256 qemuSha256 transcriptSha256 outcome verdict verdicts registration cause confidence kind topology clock'.split(
    ' ',
  ),
);

function spoil(value: unknown, word: string): unknown {
  if (typeof value === 'string') return `${value} ${word}`;
  if (Array.isArray(value)) return value.map((one) => spoil(one, word));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, FIXED.has(key) ? one : spoil(one, word)]),
  );
}

/** The sample run with a word added to every text, ids included. The reader of records takes all of it. */
export function spoiled(word: string): RunEvent[] {
  return SAMPLE.map((event, seq) => {
    const at = 'at' in event ? event.at : '2026-01-31T12:00:00.000Z';
    const parsed = parseEvent({ ...(spoil(event, word) as RunEvent), seq, at });
    if (!parsed.ok) throw new Error(`${event.type}: ${parsed.why}`);
    return parsed.event as RunEvent;
  });
}

/** What acts on a terminal, is invisible, reorders text, or is no character. Line feeds are the reports' own. */
export const ACTING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]|\p{Surrogate}/u;
