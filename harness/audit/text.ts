/** An audit for a terminal: the table, then what shows each answer. */
import { oneLine } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import type { Audit } from './types.ts';
import { findingText, guestText, lineText, STATE_WORDS, tally } from './words.ts';

export function auditText(audit: Audit): string {
  const { kernels, fixes } = audit;
  const head = ['commit', 'since', 'topic', ...kernels.map(({ name }) => oneLine(name)), 'subject'];
  const rows = fixes.map(({ exhibit, kernels: of }) => [
    exhibit.commit.slice(0, 12),
    exhibit.since,
    exhibit.topic,
    ...kernels.map(({ name }) => STATE_WORDS[of[name]?.state ?? 'cannot-tell']),
    oneLine(exhibit.subject),
  ]);
  const parts = [plainTable(head, rows)];
  for (const { exhibit, kernels: of } of fixes) {
    const lines = [`${exhibit.commit.slice(0, 12)} ${oneLine(exhibit.subject)}`];
    for (const { name } of kernels) {
      const finding = of[name];
      if (finding === undefined) continue;
      lines.push(`  ${oneLine(name)}: ${findingText(finding)}`);
      for (const guest of finding.guests) {
        lines.push(`    ${guestText(guest)}`);
        for (const line of guest.lines) lines.push(`      ${lineText(line)}`);
      }
    }
    parts.push(`${lines.join('\n')}\n`);
  }
  const totals = kernels.map(({ name, release, fault }) =>
    oneLine(`${name}${release === null ? '' : ` (${release})`}: ${fault ?? tally(audit, name)}`),
  );
  parts.push(`${totals.join('\n')}\n`);
  return parts.join('\n');
}
