// The forms of an audit: what they say, and that a console's text is no markup in them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditJunit } from '../../harness/audit/junit.ts';
import { auditMarkdown } from '../../harness/audit/markdown.ts';
import { auditPage } from '../../harness/audit/page.ts';
import { auditText } from '../../harness/audit/text.ts';
import type { Audit, FixFinding } from '../../harness/audit/types.ts';
import { loadMuseum } from '../../harness/lab/museum.ts';
import type { Exhibit } from '../../harness/matrix/exhibit.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const exhibit: Exhibit = {
  commit: 'e7ff4ebffe3b0000',
  subject: 'x86/tsc: Check <for> sockets',
  since: '6.12',
  topic: 'registration',
  reason: 'a reason',
};
const guest = { guest: 'smp=2', cell: 'k.tcg', isDecisive: true, isHostFault: false } as const;
const present: FixFinding = {
  state: 'present',
  why: 'as with the commit in smp=2',
  isHostFault: false,
  guests: [
    {
      ...guest,
      fits: 'after',
      shows: 'refined, current tsc',
      lines: [
        { line: 12, text: '[    1.0] tsc: Refined |`<b>\u001b[31m', isThere: true },
        { line: null, text: 'unsynchronized', isThere: false },
      ],
    },
  ],
};
const absent: FixFinding = {
  state: 'absent',
  why: 'as without the commit in smp=2',
  isHostFault: false,
  guests: [{ ...guest, fits: 'before', shows: 'unstable', lines: [] }],
};
const audit: Audit = {
  version: 1,
  run: '20261201-120000-audit',
  kernels: [
    { name: 'new', release: '6.12.0', fault: null },
    { name: 'old', release: '6.1.0', fault: null },
    { name: 'gone', release: null, fault: 'it does not build' },
  ],
  fixes: [
    {
      name: 'sockets',
      exhibit,
      kernels: {
        new: present,
        old: absent,
        gone: { state: 'cannot-tell', why: 'there is no kernel', guests: [], isHostFault: false },
      },
    },
  ],
  lacks: ['e7ff4ebffe3b0000 in old: absent'],
};

test('the text has the table, what shows each answer, and the count', () => {
  expect(auditText(audit)).toBe(
    [
      'commit        since  topic         new      old     gone         subject',
      'e7ff4ebffe3b  6.12   registration  present  ABSENT  cannot tell  x86/tsc: Check <for> sockets',
      '',
      'e7ff4ebffe3b x86/tsc: Check <for> sockets',
      '  new: present: as with the commit in smp=2',
      '    smp=2: refined, current tsc (as with it)',
      '      line 12: [    1.0] tsc: Refined |`<b>',
      '      not there: unsynchronized',
      '  old: ABSENT: as without the commit in smp=2',
      '    smp=2: unstable (as without it)',
      '  gone: cannot tell: there is no kernel',
      '',
      'new (6.12.0): 1 present',
      'old (6.1.0): 1 absent',
      'gone: it does not build',
      '',
    ].join('\n'),
  );
});

test('in Markdown a console’s text is code, and a subject is text', () => {
  const text = auditMarkdown(audit);
  expect(text).toContain(
    '| `e7ff4ebffe3b` | 6.12 | registration | present | ABSENT | cannot tell | x86/tsc: Check \\<for\\> sockets |',
  );
  expect(text).toContain("    - `line 12: [    1.0] tsc: Refined \\|'<b>`");
});

test('in JUnit what is required and absent fails, and what cannot be told is skipped', () => {
  const xml = auditJunit(audit);
  expect(xml).toContain('<testsuite name="new" tests="1" failures="0" errors="0" skipped="0">');
  expect(xml).toContain('<testsuite name="old" tests="1" failures="1" errors="0" skipped="0">');
  expect(xml).toContain('<testsuite name="gone" tests="1" failures="0" errors="0" skipped="1">');
  expect(xml).toContain('<failure message="ABSENT: as without the commit in smp=2"/>');
  expect(xml).not.toContain('<b>');
  const free = auditJunit({ ...audit, lacks: [] });
  expect(free).toContain('<testsuite name="old" tests="1" failures="0" errors="0" skipped="0">');
});

test('the page holds a console’s text as text', () => {
  const page = [...auditPage(audit)].join('');
  expect(page).toContain('line 12: [    1.0] tsc: Refined |`&lt;b&gt;');
  expect(page).toContain('<td>present</td><td>ABSENT</td><td>cannot tell</td>');
  expect(page).not.toContain('<b>');
});

test('the museum that comes along is sound: each exhibit has two sides that differ', async () => {
  const pieces = await loadMuseum(join(ROOT, 'matrices', 'museum'));
  const page = await readFile(join(ROOT, 'docs', 'museum.md'), 'utf8');
  const commits = pieces.map((piece) => piece.exhibit.commit.slice(0, 12));
  expect(new Set(commits).size).toBe(commits.length);
  for (const { exhibit: own, name } of pieces) {
    expect(own.reason.length, name).toBeGreaterThan(60);
    expect(own.subject, name).not.toMatch(/\.$/);
    expect(page, `docs/museum.md has no row of ${name}`).toContain(
      `| ${own.commit.slice(0, 12)} | ${name} |`,
    );
  }
});
