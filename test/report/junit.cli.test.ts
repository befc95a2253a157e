// JUnit, as xmllint reads it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderJunit } from '../../harness/report/junit.ts';
import { BEGIN, SAMPLE } from '../record/sample-run.ts';
import { ENEMY, spoiled } from './hostile.ts';
import { CONTROL, viewOf } from './streams.ts';

const XSD = join(import.meta.dirname, 'fixtures', 'junit.xsd');

function xmllint(xml: string, ...args: string[]) {
  return spawnSync('xmllint', ['--nonet', ...args, '-'], { input: xml, encoding: 'utf8' });
}
function xpath(xml: string, query: string): string {
  const { status, stdout, stderr } = xmllint(xml, '--xpath', query);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trim();
}
test('JUnit is valid by its schema, also for an empty and for a lost run', () => {
  for (const events of [SAMPLE, BEGIN, []]) {
    const { status, stderr } = xmllint(renderJunit(viewOf(events)), '--noout', '--schema', XSD);
    expect(stderr).toBe('- validates\n');
    expect(status).toBe(0);
  }
});

test('the schema in use refuses what is not JUnit', () => {
  const xml = renderJunit(viewOf(SAMPLE)).replace('<testcase ', '<testcase surprise="1" ');
  expect(xmllint(xml, '--noout', '--schema', XSD).status).not.toBe(0);
});

test('JUnit counts and places each outcome', () => {
  const xml = renderJunit(viewOf(SAMPLE));
  expect(xml).not.toMatch(CONTROL);
  const counts = ['tests', 'failures', 'errors'].map((name) => xpath(xml, `string(/testsuites/@${name})`));
  expect(counts).toEqual(['6', '2', '2']);
  expect(xpath(xml, 'string(//testsuite[@name="old"]/@skipped)')).toBe('1');
  expect(xpath(xml, 'string(//testsuite[@name="new"]/@time)')).toBe('10.400');
  expect(xpath(xml, 'string(//testsuite[@name="mid"]/testcase[@name="hpet=on"]/failure/@type)')).toBe(
    'unexpected: never',
  );
  expect(xpath(xml, 'string(//testsuite[@name="mid"]/testcase[@name="hpet=on"]/failure/@message)')).toBe(
    'never, expected refined; the guest says red ]]></failure> | a * b `c` @root # SKIP \\ \\x9b2J \\x00 end',
  );
  expect(xpath(xml, 'string(//testsuite[@name="new"]/testcase[@name="hpet=on"]/failure/@type)')).toBe(
    'flaky: refined, never',
  );
  expect(xpath(xml, 'string(//testsuite[@name="new"]/testcase[@name="hpet=off"]/error/@message)')).toContain(
    'lost:',
  );
});

test('whatever an enemy says, it is XML with our testcases', () => {
  const xml = renderJunit(viewOf(spoiled(ENEMY)));
  const { status, stderr } = xmllint(xml, '--noout');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(xmllint(`<a>${ENEMY}</a>`, '--noout').status).not.toBe(0);
});
