/** The page of a comparison in a real browser, made as a user makes it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { variedCells, writeRun } from '../support/made-run.ts';
import { axeViolations } from './axe.ts';
import { launchChromium, openFile } from './chromium.ts';

const PHONE = { width: 360, height: 740 };
let shop: Workshop;
let browser: Browser;
let file: string;
const results = (): string => join(shop.folder, 'results');

beforeAll(async () => {
  shop = await openWorkshop();
  await writeRun(results(), 'pair', variedCells(3, 4), new Date(Date.UTC(2026, 10, 1)));
  await writeRun(results(), 'pair', variedCells(3, 5, true), new Date(Date.UTC(2026, 10, 2)));
  file = join(shop.folder, 'compare.html');
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await shop.remove();
});

test('compare --html writes a page that shows each change, and both sides of it', async () => {
  const ran = await shop.run(['compare', '20261101', '20261102', '--html', file]);
  expect(ran.code, ran.stderr).toBe(1);
  expect(ran.stderr).toContain(`wrote ${file}`);

  const { page, requests, complaints } = await openFile(browser, file, {
    viewport: { width: 1360, height: 900 },
  });
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('worse');
  const texts = await page.locator('td[data-i]').allTextContents();
  expect(texts).toHaveLength(15);
  const regressed = texts.findIndex((text) => /^↓regressed: \S+ → \S/.test(text));
  expect(regressed).toBeGreaterThanOrEqual(0);
  expect(texts.filter((text) => text.startsWith('+new: '))).toHaveLength(3);
  expect(await axeViolations(page)).toEqual([]);

  await page.getByRole('button', { name: /regressed/ }).click();
  expect(await page.locator('td[data-i]:not(.off)').count()).toBe(
    texts.filter((text) => text.startsWith('↓')).length,
  );
  await page.locator(`td[data-i="${regressed}"]`).click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  const verdict = (await dialog.locator('.compared tr').filter({ hasText: 'verdict' }).innerText()).split(
    /\s+/,
  );
  expect(verdict[1]).not.toBe(verdict[2]);

  const side = dialog.locator('.cell-view .outcome');
  expect(await side.innerText()).toContain('unexpected');
  await dialog.getByRole('button', { name: /^Before/ }).click();
  expect(await side.innerText()).not.toContain('unexpected');
  await dialog.getByRole('button', { name: 'Difference' }).click();
  expect(await dialog.locator('.diff-gone').filter({ hasText: 'Linux version' }).count()).toBe(1);
  expect(await dialog.locator('.diff-come').filter({ hasText: 'Linux version' }).count()).toBe(1);
  expect(await axeViolations(page)).toEqual([]);

  await page.setViewportSize(PHONE);
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.querySelector('#opened') as Element;
    return scrollWidth - clientWidth;
  });
  expect(wide).toBe(0);
  // Both sides are in view, whatever the length of a digest.
  const after = await dialog.locator('.compared thead th').last().boundingBox();
  expect(after?.width).toBeGreaterThan(40);
  expect((after?.x ?? 0) + (after?.width ?? 0)).toBeLessThanOrEqual(PHONE.width);
  expect(requests).toEqual([]);
  expect(complaints).toEqual([]);
});

test('report --html takes the place of the table, and adds to other forms', async () => {
  const page = join(shop.folder, 'run.html');
  const alone = await shop.run(['report', 'latest', '--html', page]);
  expect(alone).toMatchObject({ code: 0, stdout: '' });
  expect(await readFile(page, 'utf8')).toContain('role="grid"');
  const both = await shop.run(['report', 'latest', '--html', page, '--json']);
  expect(JSON.parse(both.stdout)).toMatchObject({ counts: { expected: expect.any(Number) } });
});

test.each([
  ['report', 'latest'],
  ['compare', '20261101', '20261102'],
])('%s refuses a file that cannot be written, before it does anything', async (...words) => {
  const ran = await shop.run([...words, '--html', join(shop.folder, 'missing', 'page.html')]);
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toMatch(/cannot write .*ENOENT/);
});

test('without Chromium the remedy is said', async () => {
  await expect(launchChromium('/nowhere/chromium')).rejects.toThrow('sh scripts/setup.sh test');
});
