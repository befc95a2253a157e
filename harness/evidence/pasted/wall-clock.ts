/** Times of day as logs write them, in seconds that only differences of mean something. */

const LOCALES = 'en de fr es it pt nl pl cs sv da nb fi tr ro hu ca hr sl'.split(' ');

const plain = (name: string): string =>
  name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replace(/\.$/, '');

/** Names of months, short and long, in the languages that systems run in. */
const MONTHS: ReadonlyMap<string, number> = new Map(
  LOCALES.flatMap((locale) =>
    (['short', 'long'] as const).flatMap((month) => {
      const format = new Intl.DateTimeFormat(locale, { month, day: 'numeric', timeZone: 'UTC' });
      return Array.from({ length: 12 }, (_, i): [string, number] => {
        const parts = format.formatToParts(new Date(Date.UTC(2024, i, 2)));
        return [plain(parts.find(({ type }) => type === 'month')?.value ?? ''), i];
      });
    }),
  ),
);
/** As C libraries and rsyslog write some of them. */
const MORE: Readonly<Record<string, number>> = {
  mrz: 2,
  maerz: 2,
  mar: 2,
  okt: 9,
  dez: 11,
  dic: 11,
  ene: 0,
  sept: 8,
};

export function monthOf(name: string): number | null {
  const key = plain(name);
  return MONTHS.get(key) ?? MORE[key] ?? null;
}

const ISO = /(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d(?:[.,]\d{1,9})?)/;
// "Mar  9 07:03:06", "9 Mär 07:03:06", "Mar 9 2026 07:03:06", "Tue Mar 9 07:03:06 2026"
const MONTH_DAY =
  /(\p{L}{3,12})\.? {1,2}(\d{1,2})\.? (?:(\d{4}) )?(\d\d):(\d\d):(\d\d(?:\.\d{1,9})?)(?: (?:[A-Z]{2,5} )?(\d{4}))?/u;
const DAY_MONTH = /(?<!\d)(\d{1,2})\.? (\p{L}{3,12})\.? (?:(\d{4}) )?(\d\d):(\d\d):(\d\d(?:\.\d{1,9})?)/u;
const UNIX = /(?<![\d.])(1[0-9]{9}\.\d{1,9})(?![\d.])/;
/** A log without years: one that has a 29 February. */
const YEAR = 2024;

function seconds(year: number, month: number, day: number, clock: readonly string[]): number {
  const [hours = 0, minutes = 0, rest = 0] = clock.map((part) => Number(part.replace(',', '.')));
  return Date.UTC(year, month, day) / 1000 + hours * 3600 + minutes * 60 + rest;
}

/** The first time of day in a text, s; null if there is none. */
export function wallClock(text: string): number | null {
  const iso = ISO.exec(text);
  if (iso !== null)
    return seconds(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), iso.slice(4, 7) as string[]);
  for (const [pattern, name, day] of [
    [MONTH_DAY, 1, 2],
    [DAY_MONTH, 2, 1],
  ] as const) {
    const match = pattern.exec(text);
    const month = match === null ? null : monthOf(match[name] ?? '');
    if (match !== null && month !== null) {
      const year = Number(match[3] ?? match[7] ?? YEAR);
      return seconds(year, month, Number(match[day]), match.slice(4, 7) as string[]);
    }
  }
  const unix = UNIX.exec(text);
  return unix === null ? null : Number(unix[1]);
}
