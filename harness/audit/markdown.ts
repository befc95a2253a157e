/** An audit as Markdown, for a ticket or a page: the table, then what shows each answer. */
import { oneLine } from '../base/safe-text.ts';
import type { Audit } from './types.ts';
import { findingText, guestText, lineText, shortCommit, stateText, summaryText } from './words.ts';

/** Texts come from consoles: nothing in them is to be markup. */
const safe = (text: string): string => oneLine(text).replace(/[\\`*_{}[\]<>()#|~!+-]/g, '\\$&');
const code = (text: string): string => `\`${oneLine(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export function auditMarkdown(audit: Audit): string {
  const { kernels, fixes, run } = audit;
  const head = ['commit', 'since', 'topic', ...kernels.map(({ name }) => safe(name)), 'subject'];
  const lines = [
    '# Clock fixes by behaviour',
    '',
    ...kernels.map(
      (kernel) =>
        `- ${safe(kernel.name)}${kernel.release === null ? '' : ` (${safe(kernel.release)})`}: ${safe(summaryText(audit, kernel))}`,
    ),
    `- run: ${safe(run)}`,
    '',
    row(head),
    row(head.map(() => '---')),
    ...fixes.map((fix) =>
      row([
        code(shortCommit(fix)),
        fix.exhibit.since,
        fix.exhibit.topic,
        ...kernels.map(({ name }) => stateText(fix, name)),
        safe(fix.exhibit.subject),
      ]),
    ),
  ];
  for (const { exhibit, kernels: of } of fixes) {
    lines.push('', `## ${safe(exhibit.subject)}`, '', `${code(exhibit.commit)}: ${safe(exhibit.reason)}`, '');
    for (const { name } of kernels) {
      const finding = of[name];
      if (finding === undefined) continue;
      lines.push(`- ${safe(name)}: ${safe(findingText(finding))}`);
      for (const guest of finding.guests) {
        lines.push(`  - ${safe(guestText(guest))}`);
        for (const line of guest.lines) lines.push(`    - ${code(lineText(line))}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
