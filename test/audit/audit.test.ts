// Exhibits, the guests that are booted for them, and what a kernel's answers come to. Pure.
import { describe, expect, test } from 'vitest';
import { isApplicable } from '../../harness/audit/applies.ts';
import { choose, inGuests, namedPiece } from '../../harness/audit/choose.ts';
import { judgeFix, type Seen } from '../../harness/audit/judge.ts';
import { auditPlan, cellIdFor } from '../../harness/audit/plan.ts';
import { distinct } from '../../harness/audit/run-audit.ts';
import { type MuseumPiece, pieceOf } from '../../harness/lab/museum.ts';
import type { Exhibit } from '../../harness/matrix/exhibit.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import type { KernelEntry, Verdict } from '../../harness/matrix/types.ts';
import { observed } from '../verdict/sample-observation.ts';

const HEADER = `
version: 1
exhibit:
  commit: e7ff4ebffe3b
  subject: a subject
  since: "6.12"
  topic: registration
  reason: a reason
`;
const KERNELS = 'kernels: { before: { image: a }, after: { image: b } }';
const BODY = `
${KERNELS}
axes:
  kernel: [before, after]
  packages: { one: { smp: 2 }, two: { smp: 4 } }
expect:
  - when: { kernel: before }
    registration: unstable
    messages: { must: [unsynchronized] }
  - when: { kernel: after, packages: one }
    registration: refined
  - when: { kernel: after, packages: two }
    registration: unstable
    messages: { must: [unsynchronized] }
`;
const piece = (header = HEADER, body = BODY, name = 'sockets'): MuseumPiece =>
  pieceOf(parseMatrix(`${header}${body}`, `/museum/${name}.yaml`));

function seen(verdict: Verdict, log = 'tsc: Refined'): Seen {
  const source = verdict === 'refined' ? 'tsc' : 'hpet';
  return {
    kind: 'booted',
    cell: 'a-cell',
    boots: [{ observation: observed(verdict, { current: source }), log }],
  };
}
const UNSTABLE = seen('unstable', 'one\nTSCs unsynchronized\nlast');
const of = (one: Seen, two: Seen) =>
  new Map([
    ['packages=one', one],
    ['packages=two', two],
  ]);

describe('an exhibit', () => {
  test('has guests with both sides, and those in which they differ', () => {
    expect(piece().guests.map(({ name, isDecisive }) => [name, isDecisive])).toEqual([
      ['packages=one', true],
      ['packages=two', false],
    ]);
  });
  test('needs two kernels of these names', () => {
    expect(() => piece(HEADER, 'kernels: { before: { image: a }, fixed: { image: b } }')).toThrow(
      'needs two kernels, named before and after; here: before, fixed',
    );
  });
  test('needs a guest in which they differ', () => {
    expect(() =>
      piece(HEADER, `${KERNELS}\naxes: { kernel: [before, after] }\nexpect: [{ registration: refined }]`),
    ).toThrow('expected to do the same in every guest');
  });
  test('boots both kernels in each guest', () => {
    const body = `${BODY}exclude: [{ kernel: before, packages: two }]`;
    expect(() => piece(HEADER, body)).toThrow('the guest packages=two has only the kernel "after"');
  });
  test('is no matrix without the header', () => {
    expect(() => piece('version: 1\n')).toThrow('is no exhibit');
  });
  test.each([
    ['commit: e7ff4ebffe3b', 'commit: e7ff', 'at least 12 digits'],
    ['since: "6.12"', 'since: 6.12', 'exhibit.since'],
    ['topic: registration', 'topic: clocks', 'exhibit.topic'],
  ])('%s, not %s', (good, bad, says) => {
    expect(() => piece(HEADER.replace(good, bad))).toThrow(says);
  });
});

describe('a kernel', () => {
  test.each<[string, Seen, Seen, string, string]>([
    ['as after', seen('refined'), UNSTABLE, 'present', 'as with the commit in packages=one'],
    ['as before', UNSTABLE, UNSTABLE, 'absent', 'as without the commit in packages=one'],
    [
      'a control that is not as it should be',
      seen('refined'),
      seen('refined'),
      'cannot-tell',
      'packages=two does what neither side does',
    ],
    ['neither', seen('never'), UNSTABLE, 'cannot-tell', 'packages=one does what neither side does: never'],
    ['the verdict without the message', seen('unstable'), UNSTABLE, 'cannot-tell', 'neither side does'],
    [
      'no answer',
      { kind: 'none', cell: 'x', why: 'the disk is full', isHostFault: true },
      UNSTABLE,
      'cannot-tell',
      'no answer from packages=one: the disk is full',
    ],
    ['a host fault', seen('infra-error'), UNSTABLE, 'cannot-tell', 'no answer from packages=one'],
  ])('%s', (_, one, two, state, why) => {
    const found = judgeFix(piece(), '6.1.0', of(one, two));
    expect(found.state).toBe(state);
    expect(found.why).toContain(why);
  });
  test('that was not booted is no answer, by the host’s fault', () => {
    const found = judgeFix(piece(), '6.1.0', new Map());
    expect(found).toMatchObject({ state: 'cannot-tell', isHostFault: true });
  });
  test('boots that differ are no answer', () => {
    const boots = [seen('refined'), UNSTABLE].flatMap((one) => (one.kind === 'booted' ? one.boots : []));
    const found = judgeFix(piece(), null, of({ kind: 'booted', cell: 'x', boots }, UNSTABLE));
    expect(found).toMatchObject({ state: 'cannot-tell', isHostFault: false });
    expect(found.why).toContain('its boots differ');
  });
  test('as with it in one guest and as without it in another has a part of it', () => {
    const body = BODY.replace(
      '  - when: { kernel: after, packages: two }\n    registration: unstable\n    messages: { must: [unsynchronized] }\n',
      '  - when: { kernel: after, packages: two }\n    registration: refined\n',
    );
    const found = judgeFix(piece(HEADER, body), null, of(seen('refined'), UNSTABLE));
    expect(found.state).toBe('partly');
    expect(found.why).toBe('as with the commit in packages=one, as without it in packages=two');
  });
  test('what both sides do shows nothing', () => {
    const body = BODY.replace('registration: refined', 'registration: [refined, unstable]');
    const found = judgeFix(piece(HEADER, body), null, of(UNSTABLE, UNSTABLE));
    expect(found).toMatchObject({ state: 'cannot-tell', why: 'what it does fits both sides in every guest' });
  });
  test('is shown by the messages that decide, and by those that are not there', () => {
    const { guests } = judgeFix(piece(), null, of(seen('refined'), UNSTABLE));
    expect(guests[0]?.lines[0]).toEqual({ line: null, text: 'unsynchronized', isThere: false });
    expect(guests[1]?.lines[0]).toEqual({ line: null, text: 'TSCs unsynchronized', isThere: true });
  });
  test('without what the exhibit needs cannot be told', () => {
    const needy = piece(`${HEADER}  needs: ["Hypervisor detected: Xen HVM"]\n`);
    expect(judgeFix(needy, null, of(seen('refined'), UNSTABLE))).toMatchObject({
      state: 'cannot-tell',
      why: 'no guest says "Hypervisor detected: Xen HVM", which the exhibit needs',
    });
    const xen = seen('refined', 'x\nHypervisor detected: Xen HVM');
    expect(judgeFix(needy, null, of(xen, UNSTABLE)).state).toBe('present');
  });
});

describe('releases', () => {
  const applies = { from: '4.16', before: '7.1', why: 'tsc-early is of 4.16' };
  test.each<[string | null, boolean]>([
    ['3.10.0-514.el7.x86_64', false],
    ['4.9.0', false],
    ['4.16.0', true],
    ['6.1.0-50-cloud-amd64', true],
    ['7.0.9', true],
    ['7.1.0-rc1', false],
    [null, true],
    ['no release', true],
  ])('%s', (release, wanted) => {
    expect(isApplicable({ applies } as Exhibit, release)).toBe(wanted);
  });
  test('another release is said, and not judged', () => {
    const one = piece(`${HEADER}  applies: { from: "4.16", why: "tsc-early is of 4.16" }\n`);
    expect(judgeFix(one, '3.10.0', of(UNSTABLE, UNSTABLE))).toMatchObject({
      state: 'not-applicable',
      why: 'tsc-early is of 4.16',
    });
  });
});

describe('the plan', () => {
  const entry = (name: string): KernelEntry => ({ name, source: { kind: 'image', path: `/${name}` } });
  const kernels = ['one', 'two'].map((name) => ({ entry: entry(name), release: null }));
  test('boots a guest of several exhibits once for each kernel, and judges nothing by itself', () => {
    const other = piece(HEADER.replace('e7ff4ebffe3b', 'aaaaaaaaaaaa'), BODY, 'other');
    const { cells, kernels: used } = auditPlan([piece(), other], kernels);
    expect(cells).toHaveLength(4);
    expect(used.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(4);
    expect(cells[0]?.expectation.registration).toContain('panicked');
    expect(cells[0]?.expectation.registration).not.toContain('infra-error');
    expect(cells.map(({ id }) => id)).toContain(cellIdFor('two', piece().guests[0]?.cell as never));
  });
  test('leaves out guests of commits that the kernel is too old for', () => {
    const late = piece(`${HEADER}  applies: { from: "4.16", why: "w" }\n`);
    const { cells } = auditPlan([late], [{ entry: entry('old'), release: '3.10.0' }]);
    expect(cells).toEqual([]);
  });
  test('tests make another cell of the same guest', () => {
    const tested = piece(HEADER, `${BODY}tests: [{ command: "true", name: t }]\n`, 'tested');
    const { cells } = auditPlan([piece(), tested], kernels);
    expect(cells).toHaveLength(8);
  });
});

describe('a choice', () => {
  const pieces = [
    piece(),
    piece(
      HEADER.replace('e7ff4ebffe3b', 'aaaaaaaaaaaa').replace('topic: registration', 'topic: watchdog'),
      BODY,
      'other',
    ),
  ];
  const names = (list: readonly MuseumPiece[]): string[] => list.map(({ name }) => name);
  test('by topic, commit and file', () => {
    expect(names(choose(pieces, [], []))).toEqual(['sockets', 'other']);
    expect(names(choose(pieces, ['watchdog'], []))).toEqual(['other']);
    expect(names(choose(pieces, [], ['e7ff4eb']))).toEqual(['sockets']);
    expect(names(choose(pieces, [], ['e7ff4ebffe3b0123456789']))).toEqual(['sockets']);
    expect(names(choose(pieces, [], ['other']))).toEqual(['other']);
  });
  test('by guest: a fix that shows in none of them is left out', () => {
    expect(inGuests(pieces, ['smp=2'])[0]?.guests.map(({ name }) => name)).toEqual(['packages=one']);
    expect(inGuests(pieces, ['smp=4'])).toEqual([]);
    expect(inGuests(pieces, [])).toHaveLength(2);
  });
  test('that fits nothing is refused', () => {
    expect(() => choose(pieces, ['watchdogs'], [])).toThrow('there is no topic watchdogs');
    expect(() => choose(pieces, ['suspend'], [])).toThrow('no exhibit is left');
    expect(() => namedPiece(pieces, 'e7ff', '--require')).toThrow(
      '--require e7ff: the museum has no such commit',
    );
  });
});

test.each([
  ['bzImage', [], 'bzImage'],
  ['bzImage', ['bzImage'], 'bzImage-2'],
  ['bzImage', ['bzImage', 'bzImage-2'], 'bzImage-3'],
  ['my kernel (1)', [], 'my_kernel__1_'],
  ['..', [], '_'],
])('the kernel %j after %j is called %s', (name, before, wanted) => {
  expect(distinct(name, before)).toBe(wanted);
});
