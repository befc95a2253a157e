// The pages of a sweep and of a diagnosis in a browser: nothing fetched, nothing refused, readable to all, in both themes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeViolations } from './axe.ts';
import { launchChromium, openFile } from './chromium.ts';

/** By a name that this folder's compiler does not follow: its libraries are a browser's, and the page is made outside one. */
const MAKER = '../sweep/made-up-page.ts';
const DIAGNOSIS = '../report/made-up-diagnosis.ts';
/** It would act if a page took it for markup. */
const NAME = 'stock <img src=x onerror=alert(1)>';

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await launchChromium();
  folder = await mkdtemp(join(tmpdir(), 'sweep-page-'));
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

test.each(['light', 'dark'] as const)('%s', async (colorScheme) => {
  const { madeUpPage } = (await import(MAKER)) as { madeUpPage: (name: string) => Promise<string> };
  const path = join(folder, `${colorScheme}.html`);
  await writeFile(path, await madeUpPage(NAME));
  const { page, requests, complaints } = await openFile(browser, path, { colorScheme });
  expect(requests).toEqual([]);
  expect(complaints).toEqual([]);
  expect(await page.locator('svg.plot .title').textContent()).toContain(NAME);
  expect(await page.locator('svg.plot .limit-label').allTextContents()).toEqual([
    'tsc_khz >> 5',
    '50,000 cycles',
    '5,000,000 cycles',
  ]);
  expect(await page.locator('main').textContent()).toContain('12,200 ns');
  await page.getByText('Delay by delay').click();
  expect(await page.getByRole('row').count()).toBeGreaterThan(8);
  expect(await axeViolations(page)).toEqual([]);
  await page.context().close();
});

test('a diagnosis, of a log that tries to be markup', async () => {
  const { madeUpDiagnosis } = (await import(DIAGNOSIS)) as { madeUpDiagnosis: (text: string) => string };
  const path = join(folder, 'diagnosis.html');
  await writeFile(path, madeUpDiagnosis(NAME));
  const { page, requests, complaints } = await openFile(browser, path, {});
  expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
  expect(await page.locator('.ln.cited .t').allTextContents()).toEqual([expect.stringContaining(NAME)]);
  expect(await page.locator('img').count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  await page.context().close();
});
