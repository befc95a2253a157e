/** The page of a run in a real browser. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import { writeRunPage } from '../../harness/report/html/write-pages.ts';
import { readCostPlot } from '../../harness/report/plot/read-costs.ts';
import { type MadeCell, variedCells, writeRun } from '../support/made-run.ts';
import { axeViolations } from './axe.ts';
import { launchChromium, type OpenPage, openFile } from './chromium.ts';

const DESKTOP = { viewport: { width: 1360, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 } };
const DAYS = [17, 18, 19, 20];

let folder: string;
let file: string;
let browser: Browser;
let cells: readonly MadeCell[];
const opened: OpenPage[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'browser-test-'));
  const results = join(folder, 'results');
  cells = variedCells(3, 8, true);
  let dir = '';
  for (const day of DAYS)
    dir = await writeRun(results, 'nights', variedCells(3, 8, day > 18), new Date(Date.UTC(2026, 10, day)));
  file = join(folder, 'page.html');
  await writeRunPage(await readRecord(dir), results, file);
  browser = await launchChromium();
});
afterEach(async () => {
  // Nothing is asked for and nothing goes wrong, whatever a test has done.
  const seen = opened.splice(0);
  for (const { page } of seen) await page.context().close();
  expect(seen.flatMap(({ requests }) => requests)).toEqual([]);
  expect(seen.flatMap(({ complaints }) => complaints)).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(options: Parameters<typeof openFile>[2] = DESKTOP, path = file): Promise<Page> {
  const one = await openFile(browser, path, options);
  opened.push(one);
  return one.page;
}
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('data-i') ?? null);
const overflow = (page: Page, selector: string) =>
  page.evaluate((one) => {
    const element = document.querySelector(one);
    return element === null ? null : element.scrollWidth - element.clientWidth;
  }, selector);

describe('the table', () => {
  test('has a row for each guest, a column for each kernel, and says each outcome in words', async () => {
    const page = await open();
    expect(await page.getByRole('columnheader').allInnerTexts()).toEqual([
      'guest',
      expect.stringMatching(/^linux-5\.0\s+5\.0\.0-cloud-amd64$/),
      expect.stringMatching(/^linux-6\.1\s/),
      expect.stringMatching(/^linux-7\.2\s/),
    ]);
    expect(await page.getByRole('rowheader').count()).toBe(8);
    const texts = await page.locator('td[data-i]').allTextContents();
    expect(texts).toHaveLength(cells.length);
    for (const text of texts)
      expect(text).toMatch(/^[✓✗≈–!](expected|unexpected|flaky|skipped|infra-error): \S/);
    for (const outcome of ['expected', 'unexpected', 'flaky', 'skipped'])
      expect(
        texts.some((text) => text.includes(`${outcome}: `)),
        outcome,
      ).toBe(true);
  });

  test('is there without the script', async () => {
    const page = await open({ ...DESKTOP, javaScriptEnabled: false });
    expect(await page.locator('td[data-i]').count()).toBe(cells.length);
    expect(await page.locator('noscript p').isVisible()).toBe(true);
  });

  test('is filtered by text, outcome and axis, all at once, and the address keeps it', async () => {
    const page = await open();
    await page.getByRole('searchbox').fill('unstable');
    await page.getByLabel('hpet', { exact: true }).selectOption({ label: 'off' });
    await page
      .getByRole('button', { name: /expected/ })
      .first()
      .click();
    const shown = page.locator('td[data-i]:not(.off)');
    const texts = await shown.allTextContents();
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.length).toBeLessThan(cells.length);
    for (const text of texts) expect(text).toMatch(/^✓expected: hpet\* acpi_pm, no tsc/);
    expect(await page.getByRole('status').innerText()).toBe(`${texts.length} of ${cells.length} cells`);
    for (const header of await page.locator('#matrix tbody tr:not([hidden]) th').allInnerTexts())
      expect(header).toContain('hpet=off');

    const again = await open({ ...DESKTOP, hash: new URL(page.url()).hash });
    expect(await again.locator('td[data-i]:not(.off)').allTextContents()).toEqual(texts);

    await page.getByRole('searchbox').fill('no such thing');
    expect(await page.getByText('No cell passes the filter.').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.waitForFunction(() => document.querySelectorAll('td.off').length === 0);
    expect(await page.getByRole('status').innerText()).toBe(`${cells.length} cells`);
  });

  test('is shaded by a figure, which is shown as well', async () => {
    const page = await open();
    await page.getByLabel('shade by').selectOption({ label: 'accuracy' });
    const figures = await page
      .locator('td[data-i]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-figure')));
    expect(new Set(figures)).toEqual(new Set(['-7.0 ppm', '+3.0 ppm', '+63.0 ppm', 'not known']));
    const shade = (figure: string) =>
      page.locator(`[data-figure="${figure}"]`).first().getAttribute('data-shade');
    expect(Number(await shade('+3.0 ppm'))).toBeLessThan(Number(await shade('+63.0 ppm')));
  });
});

describe('the keyboard', () => {
  test('moves in the table, opens a cell, and comes back to it', async () => {
    const page = await open();
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('q');
    // Tab goes through the bar and then to one cell of the table, not to all.
    for (let i = 0; i < 20 && (await focused(page)) === null; i++) await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('0');
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    );
    expect(outline).toBe('solid');
    const way = [
      'ArrowRight',
      'ArrowDown',
      'End',
      'Home',
      'Control+End',
      'ArrowDown',
      'ArrowUp',
      'PageUp',
      'PageDown',
    ];
    const places = [];
    for (const key of way) {
      await page.keyboard.press(key);
      places.push(Number(await focused(page)));
    }
    expect(places).toEqual([1, 4, 5, 3, 21, 21, 18, 0, 21]);

    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    const title = await dialog.getByRole('heading', { level: 2 }).innerText();
    expect(title).toMatch(/^linux-5\.0 hpet=off/);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('opened-title');
    await page.keyboard.press(']');
    await page.waitForFunction((old) => document.querySelector('#opened-title')?.textContent !== old, title);
    expect(await dialog.getByRole('heading', { level: 2 }).innerText()).toMatch(/^linux-6\.1 hpet=off/);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('22');
    expect(new URL(page.url()).hash).not.toContain('cell=');
  });

  test('passes over what the filter hides', async () => {
    const page = await open({ ...DESKTOP, hash: '#axis.kernel=%3Dlinux-6.1' });
    await page.locator('td[data-i="1"]').focus();
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe('1');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe('4');
  });
});

describe('a cell', () => {
  const place = 1; // never, by initcall_blacklist

  test('opens its diagnosis, its evidence in the console, and how to do it again', async () => {
    const page = await open();
    await page.locator(`td[data-i="${place}"]`).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.getByText('command-line').first().isVisible()).toBe(true);
    const cited = dialog.locator('.ln.cited');
    expect(await cited.count()).toBeGreaterThan(0);
    expect(await cited.first().innerText()).toContain('evidence: ');
    expect(
      await dialog
        .getByText(/^tscmatrix rerun \S+-nights linux-6\.1\.tcg\.deterministic\S* --results /)
        .isVisible(),
    ).toBe(true);
    expect(await dialog.getByText('qemu-system-x86_64').innerText()).toContain(
      "-append 'console=ttyS0 ignore_loglevel'",
    );
    expect(await dialog.getByRole('img', { name: /PM timer, 1 read: median 12 cycles/ }).isVisible()).toBe(
      true,
    );

    await dialog.getByRole('button', { name: 'Everything' }).click();
    expect(await dialog.locator('.ln').count()).toBe(735);
    const jump = dialog.locator('.jump').first();
    const line = (await jump.innerText()).replace('line ', '');
    await jump.click();
    expect(await dialog.locator(`.ln[data-n="${line}"]`).getAttribute('class')).toContain('found');
    await page.waitForFunction((n) => {
      const row = document.querySelector(`.ln[data-n="${n}"]`)?.getBoundingClientRect();
      return row !== undefined && row.top > 0 && row.bottom < innerHeight;
    }, line);
  });

  test('shows its nights, and since when it is what it is', async () => {
    const page = await open();
    const changed = cells.findIndex((cell, i) => cell.boots.length === 1 && i % 13 === 3);
    const id = await page.evaluate((i) => {
      const index = JSON.parse(document.getElementById('index')?.textContent ?? '') as {
        cells: { id: string }[];
      };
      return index.cells[i]?.id ?? '';
    }, changed);
    const other = await open({ ...DESKTOP, hash: `#cell=${encodeURIComponent(id)}` });
    const strip = other.locator('.strip li');
    await strip.first().waitFor();
    expect(await strip.count()).toBe(DAYS.length);
    expect(await strip.locator('.sr').allTextContents()).toEqual(
      DAYS.map((day) => expect.stringContaining(`2026-11-${day} ${day > 18 ? 'unexpected' : 'expected'}`)),
    );
    expect(await other.getByText(/^Since 2026-11-19/).isVisible()).toBe(true);
  });

  test('with several boots shows the one that is not as expected first', async () => {
    const page = await open({ ...DESKTOP, hash: '#show=flaky' });
    await page.locator('td[data-i]:not(.off)').first().click();
    const boots = page.getByRole('group', { name: 'Boots' }).getByRole('button');
    expect(await boots.count()).toBe(2);
    const pressed = await boots.evaluateAll((all) => all.map((one) => one.getAttribute('aria-pressed')));
    expect(pressed).toEqual(['false', 'true']);
    await boots.first().click();
    expect(await page.getByRole('dialog').locator('.console').first().innerText()).toContain('evidence: ');
  });
});

describe('a plot', () => {
  test('holds all of its text, wherever the limit and the costs are', async () => {
    const folder = join(import.meta.dirname, '..', '..', 'harness', 'report', 'html', 'page');
    const css = await readFile(join(folder, 'plot.css'), 'utf8');
    const limit = { label: 'Linux 5.0 and later accepts a sample up to 31,250', cycles: 31_250 };
    const costs = [5, 5_724, 18_400, 55_200, 900_000].flatMap((median) =>
      [1, 5, 18_000].map((min) => [
        { label: 'HPET, 1 read', min, median: min, p90: min, max: min },
        { label: 'PM timer, 3 reads', min: median, median, p90: median, max: median * 1.2 },
      ]),
    );
    const context = await browser.newContext(DESKTOP);
    const page = await context.newPage();
    await page.setContent(`<style>${css}</style>${costs.map((one) => readCostPlot(one, [limit])).join('')}`);
    const outside = await page.locator('.plot text').evaluateAll((texts) =>
      texts.flatMap((text) => {
        const [own, all] = [text, text.closest('svg') as Element].map((one) => one.getBoundingClientRect());
        const fits = own !== undefined && all !== undefined && own.left >= all.left && own.right <= all.right;
        return fits ? [] : [text.textContent];
      }),
    );
    expect(outside).toEqual([]);
    expect(await page.locator('.plot .limit-label').count()).toBe(costs.length);
    await context.close();
  });
});

describe('the look', () => {
  test('follows the system, and the switch, which is remembered', async () => {
    const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground(await open({ ...DESKTOP, colorScheme: 'light' }));
    const page = await open({ ...DESKTOP, colorScheme: 'dark' });
    const dark = await ground(page);
    expect(dark).not.toBe(light);
    await page.getByLabel('Theme').selectOption('light');
    expect(await ground(page)).toBe(light);
    // Chromium hands the storage on to the reloaded page in its own time.
    const reloaded = async (): Promise<string> => {
      await page.reload();
      return ground(page);
    };
    await expect.poll(reloaded, { timeout: 30_000 }).toBe(light);
    await page.getByLabel('Theme').selectOption('system');
    expect(await ground(page)).toBe(dark);
  });

  test('fits a phone, closed and opened', async () => {
    const page = await open(PHONE);
    expect(await overflow(page, 'html')).toBe(0);
    await page.locator('td[data-i="1"]').click();
    await page.getByRole('dialog').waitFor();
    expect(await overflow(page, '#opened')).toBe(0);
    const box = await page.getByRole('dialog').boundingBox();
    expect(box?.width).toBe(PHONE.viewport.width);
  });

  test.each(['light', 'dark'] as const)('is accessible, in contrast too: %s', async (colorScheme) => {
    const page = await open({ ...DESKTOP, colorScheme });
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel('shade by').selectOption({ label: 'accuracy' });
    expect(await axeViolations(page)).toEqual([]);
    await page.locator('td[data-i="1"]').click();
    await page.getByRole('dialog').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });
});
