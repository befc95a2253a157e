/** The short statement: plain text for a mail, with what decides before all else. */
import { expect, test } from 'vitest';
import type { Verdict } from '../../harness/matrix/types.ts';
import { conclude } from '../../harness/validate/conclude.ts';
import { judgeComparison } from '../../harness/validate/judge.ts';
import type { Statement } from '../../harness/validate/statement.ts';
import { renderMail } from '../../harness/validate/statement-mail.ts';
import { ROLES, type Side } from '../../harness/validate/types.ts';
import { ACTING, ENEMY, FORGED } from '../report/hostile.ts';

function side(verdict: Verdict, ppm: number | null = null): Side {
  const cited = [{ line: 812, text: `[    1.0] clocksource: tsc: mask: 0xffffffffffffffff, of ${verdict}` }];
  const rest = {
    verdicts: [verdict],
    unclear: null,
    isHostFault: false,
    reads: 26,
    transcripts: [],
    folders: [],
  };
  return { ...rest, cell: 'x', verdict, current: 'kvm-clock', ppm, cited, reason: verdict };
}

type Row = readonly [guest: string, base: Side, backport: Side, reference: Side];

function mail(rows: readonly Row[], more: Partial<Statement> = {}): string {
  const guests = rows.map(([guest, base, backport, reference]) => {
    const trio = { guest, isControl: guest.startsWith('control'), base, backport, reference };
    return { trio, judged: judgeComparison(trio, 10) };
  });
  const statement: Statement = {
    version: 1,
    backport: { kernel: 'backport-1', what: 'fix.patch' },
    base: 'my.yaml#base',
    reference: 'my.yaml#upstream',
    conclusion: conclude(
      guests.map(({ judged }) => judged),
      [],
    ),
    guests: guests.map(({ trio, judged }) => ({ ...trio, ...judged })),
    margins: [],
    tolerancePpm: 10,
    boots: { repeats: 1, deterministic: true },
    patch: null,
    run: 'run',
    inputs: {
      tscmatrix: '0',
      matrixSha256: '',
      kernels: [],
      patches: [],
      qemu: '',
      appliance: null,
      initramfs: null,
      command: [
        'tscmatrix',
        'validate',
        '--base',
        'my.yaml#base',
        '--backport',
        "it's a fix.patch",
        '--reference',
        'my.yaml#upstream',
      ],
    },
    ...more,
  };
  return renderMail(statement, 'backport-1.md');
}

const [NEVER, KNOWN, GOOD] = [side('never'), side('known-frequency', 0), side('refined', 0)];
const SAME: Row = ['hpet=on', GOOD, GOOD, GOOD];
const FIXED: Row = ['hpet=off', NEVER, KNOWN, KNOWN];
const WORSE: Row = ['case=between', GOOD, NEVER, GOOD];
const WRONG: Row = ['control=disturbed', NEVER, side('refined', -96), NEVER];

test('what decides comes first, the gravest before all, and the rest is counted', () => {
  const text = mail([SAME, FIXED, WORSE, WRONG]);
  expect([...text.matchAll(/^\* (.*)$/gm)].map(([, line]) => line)).toEqual([
    'control=disturbed (negative control): accepts what is to be refused',
    'case=between: worse',
  ]);
  expect(text).toContain(
    '\n  backport:  refined, kvm-clock, -96 ppm, 26 reads\n    line 812: [    1.0] clocksource',
  );
  expect(text).toContain('\nThe other 2: 1 all the same, 1 as the reference.\n');
  expect(text).toMatch(/^tscmatrix validate: regresses\n\nBackport: {2}fix\.patch\nBase: {6}my\.yaml#base\n/);
});

test('an equivalent one shows what was repaired', () => {
  const text = mail([
    SAME,
    FIXED,
    ['control=two-cpus', side('unstable'), side('unstable'), side('unstable')],
  ]);
  expect([...text.matchAll(/^\* ([^:]*)/gm)].map(([, guest]) => guest)).toEqual([
    'hpet=off',
    'control=two-cpus (negative control)',
  ]);
});

test('plain text of 72 columns, with a command that a shell takes', () => {
  const text = mail([SAME, FIXED, WORSE, WRONG]);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72);
  expect(text).not.toMatch(/\*\*|\||\\[_*[\]]|&[a-z]+;|<!--/);
  expect(text.slice(text.indexOf('To repeat it:'))).toBe(
    "To repeat it:\n  tscmatrix validate --base my.yaml#base --backport \\\n  'it'\\''s a fix.patch' --reference my.yaml#upstream\n",
  );
});

test('an enemy’s text is text', () => {
  const enemy = { ...NEVER, current: ENEMY, cited: [{ line: 1, text: ENEMY }], reason: ENEMY };
  const text = mail([[ENEMY, GOOD, enemy, GOOD]], { base: ENEMY });
  expect(JSON.stringify(ACTING.exec(text))).toBe('null');
  expect(text).not.toMatch(FORGED);
  expect(ROLES.every((role) => text.includes(`${role}:`))).toBe(true);
});
