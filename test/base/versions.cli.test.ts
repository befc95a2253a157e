// Our orders of versions against rpm's and dpkg's own, each pair both ways round.
import { expect, test } from 'vitest';
import { compareDebianVersions, compareRpmParts, compareRpmVersions } from '../../harness/base/versions.ts';
import { runTool, tryTool } from '../../harness/host/process.ts';

const PARTS = [
  ...['1', '1.0', '1_0', '1.0.', '01.0', '1.10', '1.9', '10', '1a', '1.a', 'a1', 'a', 'b', 'A'],
  ...['1~', '1~rc1', '1~~', '1~rc1~git', '1^', '1^git1', '1^git1~pre', '1.0^', '1~^'],
  ...['957.el7', '957.1.3.el7', '957.el7_9', '957.12.2.el7', '362.24.1.el9_3', '1.fc39', '1.fc40'],
  ...['00000000000000000000001', '18446744073709551616', '18446744073709551617', '1+bpo', '1..2', '1.2'],
];

const EVRS = ['3.10.0-957.el7', '3.10.0-957.1.3.el7', '3.10.1-1', '4.0~rc1-9', '4.0-1', '0:4.0-1', '1:2.6-1'];

test.each([
  ['parts of versions', PARTS, compareRpmParts],
  ['versions with epochs and releases', EVRS, compareRpmVersions],
] as const)('%s are ordered as rpm does', async (_what, all, compare) => {
  const list = all.map((one) => `"${one}"`).join(',');
  const lua = `local l={${list}} for _,a in ipairs(l) do for _,b in ipairs(l) do print(rpm.vercmp(a,b).." ") end end`;
  const { stdout } = await runTool('rpm', ['--eval', `%{lua:${lua}}`]);
  const theirs = stdout.trim().split(/\s+/);
  expect(theirs).toHaveLength(all.length ** 2);
  const pairs = all.flatMap((a) => all.map((b) => [a, b] as const));
  const wrong = pairs.filter(([a, b], at) => String(compare(a, b)) !== theirs[at]);
  expect(wrong).toEqual([]);
});

test('versions are ordered as dpkg does', async () => {
  const versions = [
    ...[
      '6.1.94-1',
      '6.1.119-1',
      '6.1.9-1',
      '6.1.9-1+b1',
      '6.1.9-1~bpo12+1',
      '6.12.9+bpo-amd64',
      '6.12.9-amd64',
    ],
    ...[
      '1:1-1',
      '0:6.1.9-1',
      '6.1-1-1',
      '6.1',
      '6.1-0',
      '6.1~rc1-1',
      '6.1~~',
      '6.01',
      '6.1a',
      '6.1.',
      '6.1+',
      '6.1A',
    ],
  ];
  const pairs = versions.flatMap((a, at) => versions.slice(at).map((b) => [a, b] as const));
  const asked = pairs.map(([a, b]) => {
    const said = compareDebianVersions(a, b);
    expect(compareDebianVersions(b, a)).toBe(-said + 0);
    return `${a} ${said < 0 ? 'lt' : said > 0 ? 'gt' : 'eq'} ${b}`;
  });
  const script =
    'while read -r a relation b; do dpkg --compare-versions "$a" $relation "$b" || echo "$a $relation $b"; done';
  const { stdout } = await tryTool('sh', ['-c', script], { input: `${asked.join('\n')}\n` });
  expect(stdout).toBe('');
});
