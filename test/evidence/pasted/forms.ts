/** What happens to a log on its way into a mail, a ticket or a chat: each takes its lines, and gives the pasted text. */

function wrap(text: string, width: number): string[] {
  const out: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const at = rest.lastIndexOf(' ', width);
    const cut = at > 20 ? at : width;
    out.push(rest.slice(0, cut));
    rest = rest.slice(at > 20 ? cut + 1 : cut);
  }
  return [...out, rest];
}

const entities = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** RFC 2045, 6.7, lines of 76. */
function quotedPrintable(text: string): string {
  const coded = text.replaceAll('=', '=3D');
  const parts: string[] = [];
  for (let from = 0; from < coded.length; ) {
    let to = Math.min(from + 75, coded.length);
    // No byte is parted.
    const mark = coded.lastIndexOf('=', to - 1);
    if (to < coded.length && mark > to - 3) to = mark;
    parts.push(coded.slice(from, to));
    from = to;
  }
  return parts.join('=\n');
}

const stamp = (text: string): number => Number(/^\[ *(\d+\.\d+)\]/.exec(text)?.[1] ?? '0');
const message = (text: string): string => text.replace(/^\[ *\d+\.\d+\] ?/, '');

export const FORMS: Readonly<Record<string, (lines: readonly string[]) => string>> = {
  'wrapped at 72': (lines) => lines.flatMap((line) => wrap(line, 72)).join('\n'),
  'wrapped at 76 and quoted': (lines) =>
    lines
      .flatMap((line) => wrap(line, 76))
      .map((line) => `> ${line}`)
      .join('\n'),
  'wrapped at 80': (lines) => lines.flatMap((line) => wrap(line, 80)).join('\n'),
  'quoted twice': (lines) => lines.map((line) => `> > ${line}`).join('\n'),
  html: (lines) => `<pre>${lines.map(entities).join('<br/>\n')}</pre>`,
  'html in one line': (lines) => lines.map(entities).join('<br>'),
  numbered: (lines) => lines.map((line, i) => `${String(i + 1).padStart(6)}\t${line}`).join('\n'),
  'grep -n of a file': (lines) => lines.map((line, i) => `/var/log/dmesg:${i + 1}:${line}`).join('\n'),
  'quoted-printable': (lines) => lines.map(quotedPrintable).join('\n'),
  'a JSON string': (lines) => JSON.stringify(lines.join('\n')),
  'journal as JSON': (lines) =>
    lines
      .map((line) =>
        JSON.stringify({
          _TRANSPORT: 'kernel',
          _SOURCE_MONOTONIC_TIMESTAMP: String(Math.round(stamp(line) * 1e6)),
          MESSAGE: message(line),
        }),
      )
      .join('\n'),
  'in a table': (lines) => lines.map((line, i) => `| ${i + 1} | ${line} |`).join('\n'),
  'in back quotes': (lines) => lines.map((line) => `\`${line}\``).join('\n'),
  'a list': (lines) => lines.map((line) => `* ${line}`).join('\n'),
  'curly quotes': (lines) => lines.map((line) => line.replaceAll(/'([^']*)'/g, '\u2018$1\u2019')).join('\n'),
  'no-break spaces': (lines) => lines.map((line) => line.replaceAll(' ', '\u00a0')).join('\n'),
  'carriage returns': (lines) => lines.join('\r\n'),
  'a diff': (lines) => lines.map((line) => `+${line}`).join('\n'),
  'docker compose': (lines) => lines.map((line) => `guest-1  | ${line}`).join('\n'),
};
