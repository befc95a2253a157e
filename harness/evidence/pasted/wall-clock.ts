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

// "Mar  9 07:03:06", "9 Mär 07:03:06", "Mar 9 2026 07:03:06", "Tue Mar 9 07:03:06 2026"
const MONTH_DAY =
  /(\p{L}{3,12})\.? {1,2}(\d{1,2})\.? (?:(\d{4}) )?(\d\d):(\d\d):(\d\d(?:\.\d{1,9})?)(?: (?:[A-Z]{2,5} )?(\d{4}))?/u;
const DAY_MONTH = /(?<!\d)(\d{1,2})\.? (\p{L}{3,12})\.? (?:(\d{4}) )?(\d\d):(\d\d):(\d\d(?:\.\d{1,9})?)/u;
// "2026-03-09T07:03:06,123", "2026/03/09 07:03:06", "09.03.2026 07:03:06", "3/9/2026, 7:03:06 AM"
const NUMERIC =
  /(?<!\d)(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})[ T,]{1,2}(\d{1,2}):(\d\d):(\d\d(?:[.,]\d{1,9})?)/;
// dmesg --reltime: "[Mar 9 07:03]", "[Mar09 07:03]"
const MINUTE = /\[(\p{L}{3,12})\.? ?(\d{1,2}) (\d\d):(\d\d)\]/u;
const HALF_OF_DAY = /^ ?([AP])\.?M\b/i;
const UNIX = /(?<![\d.])(1[0-9]{9}\.\d{1,9})(?![\d.])/;
/** A log without years: one that has a 29 February. */
const YEAR = 2024;

function seconds(year: number, month: number, day: number, clock: readonly string[]): number {
  const [hours = 0, minutes = 0, rest = 0] = clock.map((part) => Number(part.replace(',', '.')));
  return Date.UTC(year, month, day) / 1000 + hours * 3600 + minutes * 60 + rest;
}

/** Year, month from 1, day. The one of four digits is the year; behind a dot or a dash the month is in the middle, as it is where it must be. */
function dateOf(parts: readonly [string, string, string], mark: string): [number, number, number] | null {
  const [a, b, c] = parts.map(Number) as [number, number, number];
  if (parts[0].length === 4) return [a, b, c];
  if (parts[2].length !== 4) return null;
  return mark !== '/' || a > 12 ? [c, b, a] : [c, a, b];
}

/** "7:03:06 PM": what stands behind the time changes its hour. */
function hours24(hour: string, behind: string): string {
  const half = HALF_OF_DAY.exec(behind)?.[1]?.toUpperCase();
  return half === undefined ? hour : String((Number(hour) % 12) + (half === 'P' ? 12 : 0));
}

function timeIn(match: RegExpExecArray, first: number): string[] {
  const [hour = '', ...rest] = match.slice(first, first + 3) as string[];
  return [hours24(hour, match.input.slice(match.index + match[0].length)), ...rest];
}

/** The first time of day in a text, s; null if there is none. */
export function wallClock(text: string): number | null {
  const numeric = NUMERIC.exec(text);
  const [, a = '', mark = '', b = '', c = ''] = numeric ?? [];
  const date = dateOf([a, b, c], mark);
  if (numeric !== null && date !== null) return seconds(date[0], date[1] - 1, date[2], timeIn(numeric, 5));
  for (const [pattern, name, day] of [
    [MONTH_DAY, 1, 2],
    [DAY_MONTH, 2, 1],
  ] as const) {
    const match = pattern.exec(text);
    const month = match === null ? null : monthOf(match[name] ?? '');
    if (match !== null && month !== null) {
      const year = Number(match[3] ?? match[7] ?? YEAR);
      return seconds(year, month, Number(match[day]), timeIn(match, 4));
    }
  }
  const minute = MINUTE.exec(text);
  const name = monthOf(minute?.[1] ?? '');
  if (minute !== null && name !== null) return seconds(YEAR, name, Number(minute[2]), minute.slice(3, 5));
  const unix = UNIX.exec(text);
  return unix === null ? null : Number(unix[1]);
}

const [YEAR_BEGINS, NEXT_BEGINS] = [Date.UTC(YEAR) / 1000, Date.UTC(YEAR + 1) / 1000];
/** Lines of one log are not so far apart, s: one that is stands on the other side of a new year. */
const MOST_APART = 300 * 86_400;

/** Times of a log in its order; those without a year go on over the end of one. */
export function overNewYear(walls: readonly (number | null)[]): (number | null)[] {
  let before: number | null = null;
  let shift = 0;
  return walls.map((wall) => {
    if (wall === null || wall < YEAR_BEGINS || wall >= NEXT_BEGINS) return wall;
    const apart = before === null ? 0 : wall + shift - before;
    if (Math.abs(apart) > MOST_APART) shift -= Math.sign(apart) * (NEXT_BEGINS - YEAR_BEGINS);
    before = wall + shift;
    return before;
  });
}
