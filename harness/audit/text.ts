/** An audit for a terminal: the table, then what shows each answer. */
import { oneLine } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import type { Audit } from './types.ts';
import {
  findingText,
  guestText,
  lineText,
  releaseText,
  shortCommit,
  stateText,
  summaryText,
} from './words.ts';

export function auditText(audit: Audit): string {
  const { kernels, fixes } = audit;
  const head = ['commit', 'since', 'topic', ...kernels.map(({ name }) => oneLine(name)), 'subject'];
  const rows = fixes.map((fix) => [
    shortCommit(fix),
    fix.exhibit.since,
    fix.exhibit.topic,
    ...kernels.map(({ name }) => stateText(fix, name)),
    oneLine(fix.exhibit.subject),
  ]);
  const parts = [plainTable(head, rows)];
  for (const fix of fixes) {
    const lines = [`${shortCommit(fix)} ${oneLine(fix.exhibit.subject)}`];
    for (const { name } of kernels) {
      const finding = fix.kernels[name];
      if (finding === undefined) continue;
      lines.push(`  ${oneLine(name)}: ${findingText(finding)}`);
      for (const guest of finding.guests) {
        lines.push(`    ${guestText(guest)}`);
        for (const line of guest.lines) lines.push(`      ${lineText(line)}`);
      }
    }
    parts.push(`${lines.join('\n')}\n`);
  }
  const totals = kernels.map((kernel) =>
    oneLine(`${kernel.name}${releaseText(kernel)}: ${summaryText(audit, kernel)}`),
  );
  parts.push(`${totals.join('\n')}\n`);
  return parts.join('\n');
}
