// A command loads what it needs and no more: start-up is what every use of the program pays.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from './tscmatrix.ts';

/** Appends the address of every module that is loaded, import or require, to a file. */
const WATCHER = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED_MODULES, url + '\\n');
    return next(url, context);
  },
});
`;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await shop.file('watcher.mjs', WATCHER);
  await shop.file('log', '[    0.000000] tsc: Detected 3000.000 MHz processor\n');
});
afterAll(() => shop.remove());

async function packagesOf(args: readonly string[], name: string): Promise<Set<string>> {
  const list = join(shop.folder, name);
  const watcher = pathToFileURL(join(shop.folder, 'watcher.mjs')).href;
  const ran = await shop.run(args, { env: { NODE_OPTIONS: `--import=${watcher}`, LOADED_MODULES: list } });
  expect(ran.code, ran.stderr).toBe(0);
  const modules = await readFile(list, 'utf8');
  expect(modules).toContain('/cli/main.');
  return new Set(
    [...modules.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].map(([, name = '']) => name),
  );
}

test.each([['--help'], ['--version'], ['run --help'], ['diagnose --help']])(
  '%s loads commander alone',
  async (words) => {
    expect([...(await packagesOf(words.split(' '), words.replaceAll(' ', '-')))]).toEqual(['commander']);
  },
);

test('diagnose of a file needs neither the matrix language nor SSH nor processes', async () => {
  // entities: a log may be pasted from a page of the web.
  expect([...(await packagesOf(['diagnose', 'log'], 'diagnose'))].sort()).toEqual(['commander', 'entities']);
});

test('the watcher does see packages where they are loaded', async () => {
  await shop.file('m.yaml', 'version: 1\nkernels: { it: { image: log } }\n');
  const packages = await packagesOf(['plan', 'm.yaml'], 'plan');
  expect([...packages]).toEqual(expect.arrayContaining(['commander', 'js-yaml', 'zod']));
  // What starts programs is for --command.
  for (const name of ['ssh2', 'execa', 'cli-table3']) expect(packages).not.toContain(name);
});
