/** Debian's Chromium, headless, without a network: every request but that for the page's own file is refused and kept. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';

/** Throws where there is no Chromium: what a page does can be shown in a browser only. */
export async function launchChromium(program = PROGRAM): Promise<Browser> {
  if (!existsSync(program)) {
    throw new Error(
      `${program} is missing; please type: sh scripts/setup.sh test (or apt-get install chromium)`,
    );
  }
  return chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      // As root, in a container, Chromium has no sandbox; the pages are our own.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface OpenPage {
  readonly page: Page;
  /** Addresses that were asked for, beside the page itself. */
  readonly requests: string[];
  /** What the page's policy refused, exceptions, and errors on its console. */
  readonly complaints: string[];
}

/** Opens a file as a user does from a folder. */
export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions & { readonly hash?: string; readonly guarded?: boolean } = {},
): Promise<OpenPage> {
  const { hash = '', guarded = true, ...contextOptions } = options;
  const context = await browser.newContext(contextOptions);
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const own = (asked: string): boolean => asked.split('#')[0] === url || asked.startsWith('data:');
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    const asked = request.url();
    if (!own(asked)) requests.push(asked);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  if (guarded)
    await page.route(
      (asked) => !own(asked.href),
      (route) => route.abort(),
    );
  await page.goto(url + hash, { waitUntil: 'load' });
  return { page, requests, complaints };
}
