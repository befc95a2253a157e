/** An audit as JUnit XML: a suite for each kernel, a test case for each commit. */
import { create } from 'xmlbuilder2';
import { oneLine } from '../base/safe-text.ts';
import type { Audit, FixFinding } from './types.ts';
import { findingText, guestText, lineText } from './words.ts';

/** A commit that is required and not shown fails; what cannot be told, or does not apply, is skipped. */
function kindOf({ state }: FixFinding, isRequired: boolean): 'failure' | 'skipped' | null {
  if (isRequired && state !== 'present') return 'failure';
  return state === 'cannot-tell' || state === 'not-applicable' ? 'skipped' : null;
}

export function auditJunit({ kernels, fixes, lacks }: Audit): string {
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', { name: 'tscmatrix audit' });
  for (const { name } of kernels) {
    const cases = fixes.flatMap(({ exhibit, kernels: of }) => {
      const finding = of[name];
      if (finding === undefined) return [];
      const isRequired = lacks.some((text) => text.startsWith(`${exhibit.commit} in ${name}: `));
      return [{ exhibit, finding, kind: kindOf(finding, isRequired) }];
    });
    const count = (wanted: string): number => cases.filter(({ kind }) => kind === wanted).length;
    const suite = root.ele('testsuite', {
      name: oneLine(name),
      tests: cases.length,
      failures: count('failure'),
      errors: 0,
      skipped: count('skipped'),
    });
    for (const { exhibit, finding, kind } of cases) {
      const title = `${exhibit.commit.slice(0, 12)} ${oneLine(exhibit.subject)}`;
      const one = suite.ele('testcase', { classname: `audit.${exhibit.topic}`, name: title });
      const text = findingText(finding);
      if (kind !== null) one.ele(kind, { message: text });
      const shown = finding.guests.flatMap((guest) => [guestText(guest), ...guest.lines.map(lineText)]);
      one.ele('system-out').txt([text, ...shown].join('\n'));
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}
