/** What guests and matrices write stays text, whatever it is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import { renderRunPage } from '../../harness/report/html/run-page.ts';
import { pageSink, writePage } from '../../harness/report/html/write-page.ts';
import { capture, writeRun } from '../support/made-run.ts';
import { launchChromium, openFile } from './chromium.ts';
import { hostileConsole, INJECTIONS } from './hostile.ts';

const [IMG = '', SCRIPT = ''] = INJECTIONS;
let folder: string;
let browser: Browser;
let file: string;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-test-'));
  const guest = { append: INJECTIONS.join(' ') };
  const dir = await writeRun(join(folder, 'results'), 'hostile', [
    {
      kernel: 'linux-6.1',
      guest,
      axes: { [IMG]: SCRIPT, append: INJECTIONS.join(' ') },
      expect: ['refined'],
      boots: [{ console: hostileConsole(capture('debian-7.3-tsc-unstable')) }],
    },
    { kernel: 'linux-6.1', guest: {}, axes: { [IMG]: 'plain', append: '' }, expect: ['refined'], boots: [] },
  ]);
  file = join(folder, 'page.html');
  const record = await readRecord(dir);
  // As a guest or a foreign record could have it: in every sentence that a page shows.
  const cell = [...record.view.cells.values()][0];
  if (cell?.judged) cell.judged = { ...cell.judged, reason: `${cell.judged.reason} ${INJECTIONS.join(' ')}` };
  await writePage(pageSink(file), await renderRunPage(record));
  browser = await launchChromium();
  ({ page } = await openFile(browser, file, { viewport: { width: 1360, height: 900 } }));
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

const intruders = () =>
  page.evaluate(() => ({
    hit: (globalThis as { hit?: number }).hit ?? null,
    images: document.querySelectorAll('img, iframe, object, embed, #smuggled').length,
    // The bundle, the index, and the packed cells.
    scripts: document.querySelectorAll('script').length,
    handlers: [...document.querySelectorAll('*')].filter((element) =>
      element.getAttributeNames().some((name) => name.startsWith('on')),
    ).length,
  }));

test('neither names nor sentences become markup', async () => {
  expect(await intruders()).toEqual({ hit: null, images: 0, scripts: 4, handlers: 0 });
  expect(await page.locator('.notes').innerText()).toContain(IMG);
  expect(await page.locator('#matrix tbody th').first().innerText()).toContain(SCRIPT);
  expect(await page.locator('select').filter({ hasText: SCRIPT }).count()).toBe(2);
});

test('a console does not become markup, and every odd byte is shown', async () => {
  await page.locator('td[data-i="0"]').click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await dialog.getByRole('button', { name: 'Everything' }).click();
  const lines = await dialog.locator('.ln .t').allTextContents();
  for (const [i, text] of INJECTIONS.slice(0, 6).entries()) expect(lines[i]).toContain(text);
  expect(lines[6]).toContain('\\u{2028}window.hit=5\\u{2029}');
  expect(lines[7]).toContain('\\u{202e}right to left');
  expect(lines[8]).toContain('red   \\x9b2J');
  expect(lines[9]).toBe('NUL\\x00 \\xff\\xfe\\xc3(\\x07\\x08');
  expect(lines[10]).toBe(`${'<'.repeat(4096)} [cut]`);
  const told = await dialog.getByText('One line is cut after 4096 characters.').innerText();
  expect(told).toContain('Escape sequences are taken out');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  expect(await dialog.innerText()).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
  expect(await intruders()).toMatchObject({ hit: null, images: 0, handlers: 0 });
});

test('the policy stops what would slip through all the same', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { page } = await openFile(browser, file, { guarded: false });
  const stopped = await page.evaluate(async (url) => {
    const refused: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
    document.body.insertAdjacentHTML(
      'beforeend',
      `<img src="${url}x" onerror="window.hit=9"><iframe src="${url}"></iframe><b style="color:red"></b>`,
    );
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.hit=9' }));
    await fetch(url).catch(() => undefined);
    await new Promise((done) => setTimeout(done, 100));
    return { refused, hit: (globalThis as { hit?: number }).hit ?? null };
  }, url);
  await new Promise((done) => server.close(done));
  expect(stopped.hit).toBe(null);
  for (const directive of ['img-src', 'frame-src', 'connect-src', 'script-src-elem', 'style-src-attr'])
    expect(stopped.refused).toContain(directive);
  expect(asked).toBe(0);
});
