/** A plain table for people. */
import Table from 'cli-table3';

const PLAIN = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((name) => [
    [name, ''],
    [`${name}-mid`, ''],
    [`${name}-left`, ''],
    [`${name}-right`, ''],
    ['middle', ' '],
  ]),
);

/** A table without lines around its cells. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  });
  for (const row of rows) table.push([...row]);
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
