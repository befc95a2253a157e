// What an audit refuses before anything is booted.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await shop.file('no-exhibit.yaml', 'version: 1\nkernels: { a: { image: a } }\n');
});
afterAll(() => shop.remove());

const KERNEL = 'debian:linux-image-cloud-amd64@bookworm';

test.each([
  [['--fix', 'e7ff4ebffe3c'], '--fix e7ff4ebffe3c: the museum has no such commit'],
  [['--require', 'nothing'], '--require nothing: the museum has no such commit'],
  [['--topic', 'watchdogs'], 'there is no topic watchdogs'],
  [['--fix', 'e7ff4ebffe3b', '--require', 'a786ef152cdc'], '--topic, --fix or --filter leaves it out'],
  [['--museum', '/nowhere'], 'cannot read the museum /nowhere'],
  [['--museum', '/tmp/..'], 'there is no exhibit in it'],
  [['--html', '/nowhere/a.html'], 'cannot write /nowhere/a.html'],
])('%j', async (options, says) => {
  const { code, stdout, stderr } = await shop.run(['audit', KERNEL, ...options]);
  expect(stderr).toContain(says);
  expect([code, stdout]).toEqual([2, '']);
});

test('a matrix that is no exhibit is named', async () => {
  const { code, stderr } = await shop.run(['audit', KERNEL, '--museum', shop.folder]);
  expect(code).toBe(2);
  expect(stderr).toContain('no-exhibit.yaml: is no exhibit: it has no "exhibit" key');
});
