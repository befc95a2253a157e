/** Two thousand cells, each with its console. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import { renderRunPage } from '../../harness/report/html/run-page.ts';
import { pageSink, writePage } from '../../harness/report/html/write-page.ts';
import { variedCells, writeRun } from '../support/made-run.ts';
import { launchChromium, openFile } from './chromium.ts';

// Every file of two thousand cells is synchronised with the disk, which other work may keep waiting.
vi.setConfig({ testTimeout: 400_000 });

const KERNELS = 8;
const GUESTS = 250;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'large-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('can be searched, moved in and opened, and the page keeps within its size', async () => {
  const dir = await writeRun(join(folder, 'results'), 'large', variedCells(KERNELS, GUESTS));
  const file = join(folder, 'page.html');
  const bytes = await writePage(pageSink(file), await renderRunPage(await readRecord(dir)));
  expect((await stat(file)).size).toBe(bytes);
  expect(bytes).toBeLessThan(64 * 1024 * 1024);

  const browser = await launchChromium();
  try {
    const { page, requests, complaints } = await openFile(browser, file, {
      viewport: { width: 1360, height: 900 },
    });
    expect(await page.locator('td[data-i]').count()).toBe(KERNELS * GUESTS);
    await page.locator('td[data-i="0"]').focus();
    await page.keyboard.press('Control+End');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-i'))).toBe(
      String(KERNELS * (GUESTS - 1)),
    );
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.locator('.ln.cited').count()).toBeGreaterThan(0);
    await page.keyboard.press('Escape');

    await page.getByRole('searchbox').fill('linux-9.4 smp=3 hpet=off');
    const shown = await page.locator('td[data-i]:not(.off)').count();
    expect(shown).toBeGreaterThan(0);
    expect(await page.getByRole('status').innerText()).toBe(`${shown} of ${KERNELS * GUESTS} cells`);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
