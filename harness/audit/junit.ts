/** An audit as JUnit XML: a suite for each kernel, a test case for each commit. */
import { create } from 'xmlbuilder2';
import { oneLine } from '../base/safe-text.ts';
import type { Audit, FixFinding } from './types.ts';
import { findingText, guestText, lackText, lineText, shortCommit } from './words.ts';

/** A commit that is required and not shown fails; what cannot be told, or does not apply, is skipped. */
function kindOf({ state }: FixFinding, isLacking: boolean): 'failure' | 'skipped' | null {
  if (isLacking) return 'failure';
  return state === 'cannot-tell' || state === 'not-applicable' ? 'skipped' : null;
}

export function auditJunit({ kernels, fixes, lacks }: Audit): string {
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', { name: 'tscmatrix audit' });
  for (const { name } of kernels) {
    const cases = fixes.flatMap((fix) => {
      const finding = fix.kernels[name];
      if (finding === undefined) return [];
      const isLacking = lacks.includes(lackText(fix.exhibit.commit, name, finding.state));
      return [{ fix, finding, kind: kindOf(finding, isLacking) }];
    });
    const count = (wanted: string): number => cases.filter(({ kind }) => kind === wanted).length;
    const suite = root.ele('testsuite', {
      name: oneLine(name),
      tests: cases.length,
      failures: count('failure'),
      errors: 0,
      skipped: count('skipped'),
    });
    for (const { fix, finding, kind } of cases) {
      const title = `${shortCommit(fix)} ${oneLine(fix.exhibit.subject)}`;
      const one = suite.ele('testcase', { classname: `audit.${fix.exhibit.topic}`, name: title });
      const text = findingText(finding);
      if (kind !== null) one.ele(kind, { message: text });
      const shown = finding.guests.flatMap((guest) => [guestText(guest), ...guest.lines.map(lineText)]);
      one.ele('system-out').txt([text, ...shown].join('\n'));
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}
