/** How long a page of many cells takes to make, to open and to use: node scripts/bench-html.ts [KERNELS] [GUESTS]. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch } from '../harness/host/scratch.ts';
import { readRecord } from '../harness/record/reader.ts';
import { renderRunPage } from '../harness/report/html/run-page.ts';
import { pageSink, writePage } from '../harness/report/html/write-page.ts';
import { launchChromium, openFile } from '../test/browser/chromium.ts';
import { variedCells, writeRun } from '../test/support/made-run.ts';

const ROUNDS = 5;
const [kernels = 8, guests = 250] = process.argv.slice(2).map(Number);
const scratch = await makeScratch();
const say = (what: string, ms: number): void =>
  console.log(`${what.padEnd(46)} ${ms.toFixed(0).padStart(7)} ms`);

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  say(what, performance.now() - start);
  return result;
}

try {
  const dir = await timed(`a record of ${kernels * guests} cells`, () =>
    writeRun(scratch.path, 'bench', variedCells(kernels, guests)),
  );
  const file = join(scratch.path, 'page.html');
  await timed('its page', async () => writePage(pageSink(file), await renderRunPage(await readRecord(dir))));
  console.log(`page: ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
  const browser = await launchChromium();
  const rounds: Record<string, number>[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const { page } = await openFile(browser, file, { viewport: { width: 1360, height: 900 } });
    rounds.push(await page.evaluate(measure));
    await page.context().close();
  }
  await browser.close();
  for (const name of Object.keys(rounds[0] ?? {})) {
    const values = rounds.map((round) => round[name] ?? 0).sort((a, b) => a - b);
    say(`${name}, median of ${ROUNDS}`, values[Math.floor(ROUNDS / 2)] ?? 0);
  }
} finally {
  await scratch.remove();
}

/** Runs in the page. Times from the start of navigation, then of single actions until the next frame is drawn. */
async function measure(): Promise<Record<string, number>> {
  const world = globalThis as unknown as {
    document: {
      querySelector(selector: string): { click(): void; value: string; dispatchEvent(event: Event): void };
    };
    requestAnimationFrame(done: () => void): void;
  };
  const drawn = () => new Promise<void>((done) => world.requestAnimationFrame(() => setTimeout(done)));
  const action = async (act: () => void, ready: () => boolean): Promise<number> => {
    const start = performance.now();
    act();
    while (!ready()) await new Promise((done) => setTimeout(done));
    await drawn();
    return performance.now() - start;
  };
  // Node's types have no entries of a browser's.
  const [navigation] = performance.getEntriesByType('navigation' as 'node') as unknown as Record<
    string,
    number
  >[];
  const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
  const at = (selector: string) => world.document.querySelector(selector);
  const opened = await action(
    () => at('td[data-i="0"]').click(),
    () => at('dialog[open] .console') !== null,
  );
  at('dialog .buttons button:last-child').click();
  const filtered = await action(
    () => {
      at('input[name=q]').value = 'unstable smp=3';
      at('input[name=q]').dispatchEvent(new Event('input', { bubbles: true }));
    },
    () => true,
  );
  return {
    'first contentful paint': paint,
    'DOM complete and script run': navigation?.domContentLoadedEventEnd ?? 0,
    'load event': navigation?.loadEventEnd ?? 0,
    'opening a cell': opened,
    'filtering all cells': filtered,
  };
}
