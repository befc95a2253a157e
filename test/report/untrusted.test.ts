// Whatever a guest, a file or a record from elsewhere says: it reaches no terminal, no parser and no page as more
// than text. Every reporter of the registry is tried, so one that is added later must be given its check here.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { Parser } from 'tap-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LINE_CAP_CHARS } from '../../harness/base/neutralise.ts';
import { block, oneLine } from '../../harness/base/safe-text.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { sheetMarkdown } from '../../harness/report/diagnosis-markdown.ts';
import { diagnosisSheet } from '../../harness/report/diagnosis-sheet.ts';
import { sheetText } from '../../harness/report/diagnosis-text.ts';
import { diagnosisPage } from '../../harness/report/html/diagnosis-page.ts';
import { makeReporters } from '../../harness/report/registry.ts';
import { RENDERERS, REPORTER_NAMES } from '../../harness/report/reporters.ts';
import { ACTING, ATTACKS, ENEMY, FORGED, spoiled } from './hostile.ts';
import { MemoryStream } from './streams.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

/** A terminal's own sequences: what log-update and colours write. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const SEQUENCE = /\u001b(?:\[[0-9;?]*[A-Za-z]|[^[])/g;

/** How far the cursor is moved up depends on the text's length; any other sequence has to be the very same. */
const kindOf = (sequence: string): string => sequence.replace(/\d+(?=[A-G]$)/, 'N');

/** What log-update writes in place of whole lines where only the end of one has changed. */
const REDRAW = ['\u001b[NB', '\u001b[K'];

/** All that a reporter writes about this run, to a terminal or not. */
async function written(
  name: string,
  events: readonly RunEvent[],
  word: string,
  isTty: boolean,
): Promise<string> {
  const stdout = new MemoryStream(isTty, 120);
  const stderr = new MemoryStream(isTty, 120);
  const env = { LANG: 'C.UTF-8', TERM: 'xterm' };
  const asked = name === 'lines' || name === 'live' ? [name, 'none'] : ['none', name];
  const reporters = makeReporters(asked, {
    stdout,
    stderr,
    env,
    nowMs: () => Date.parse('2026-01-31T12:00:20Z'),
  });
  for (const reporter of reporters) reporter.opened?.(folderOf(events));
  for (const event of events) {
    for (const reporter of reporters) {
      reporter.event(event);
      if (event.type === 'cell-started') {
        const { cell, boot } = event;
        reporter.progress?.({ type: 'kernel-progress', kernel: `k ${word}`, text: `building ${word}` });
        reporter.progress?.({ type: 'guest-progress', cell, boot, phase: 'kernel', guestS: 1 });
        // The live view draws when the window changes, too.
        stderr.emit('resize');
      }
    }
  }
  for (const reporter of reporters) await reporter.close?.();
  return stdout.text + stderr.text;
}

/** A run's folder with the enemy's provenance, and his console wherever a boot's folder may be. */
function folderOf(events: readonly RunEvent[]): string {
  const dir = join(scratch.path, 'run');
  mkdirSync(dir, { recursive: true });
  const kernels = events.flatMap((event) =>
    event.type === 'kernel-ready'
      ? [
          {
            name: event.kernel,
            build: { patches: [{ name: ENEMY, sha256: 'a'.repeat(64) }], compiler: ENEMY },
          },
        ]
      : [],
  );
  writeFileSync(join(dir, 'provenance.json'), JSON.stringify({ version: 1, kernels }));
  return dir;
}

/** By the reporter's form, else its name. Throws, or fails an expectation, where the text is not sound for a program that reads it. */
const CHECKS: Readonly<Record<string, (text: string) => void>> = {
  live: () => {},
  lines: (text) => expect(text.split('\n').filter((line) => !/^\[ *[\d.]+ s\] |^$/.test(line))).toEqual([]),
  terminal: () => {},
  markdown: checkMarkdown,
  junit: (text) => {
    // That it is XML is for xmllint to say: junit.cli.test.ts. A literal < begins one of our elements.
    const ours =
      'testsuites testsuite testcase properties property failure error skipped system-out system-err';
    for (const [, name] of text.matchAll(/<[/?]?([^ >?/]*)/g))
      expect(`xml ${ours}`.split(' ')).toContain(name);
    expect(text.match(/<testcase /g)).toHaveLength(6);
    expect(text).not.toContain('<script');
  },
  tap: (text) => {
    const parser = new Parser({ strict: true });
    let count = 0;
    let extra = 0;
    let whole: unknown;
    parser.on('assert', () => count++);
    parser.on('extra', () => extra++);
    parser.on('complete', (results) => {
      whole = results;
    });
    parser.end(text);
    expect(count).toBe(6);
    expect(extra).toBe(0);
    expect(whole).toMatchObject({ count: 6, bailout: false });
  },
  github: (text) => {
    // As the runner reads it: each line is one command, and what is in it stays in it.
    const commands = [...text.matchAll(/^::(error|warning|notice) ([^\n]*?)::([^\n]*)\n/gm)];
    expect(commands.map(([whole]) => whole).join('')).toBe(text);
    for (const [, , properties = '', message = ''] of commands) {
      expect(properties).toMatch(/^file=[^:,]*,title=[^:,]*$/);
      expect(message).not.toMatch(FORGED);
      expect(message.split('%0A').join('\n')).not.toMatch(FORGED);
    }
    expect(commands).toHaveLength(4);
  },
  json: (text) => void JSON.parse(text),
  none: (text) => expect(text).toBe(''),
};

/** Read as GitHub does, it is a page with our own elements, and none that fetch, link or run. */
function checkMarkdown(text: string): void {
  const html = micromark(text, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  const elements = new Set([...html.matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, name]) => name));
  const ours = 'h2 h3 p br strong table thead tbody tr th td ul li details summary pre code'.split(' ');
  expect([...elements].filter((name) => !ours.includes(name ?? ''))).toEqual([]);
  // No row has more or fewer cells than the head of its table.
  for (const table of html.match(/<table>.*?<\/table>/gs) ?? []) {
    const columns = table.match(/<th[ >]/g)?.length;
    for (const row of table.match(/<tr>.*?<\/tr>/gs) ?? [])
      expect(row.match(/<t[hd][ >]/g)?.length).toBe(columns);
  }
  expect(text.match(/^\| (?!guest|outcome|---)/gm)?.length).toBeGreaterThan(0);
}

test('every reporter has a check', () => {
  const forms = REPORTER_NAMES.map((name) => RENDERERS[name]?.form ?? name);
  expect(Object.keys(CHECKS).sort()).toEqual([...new Set(forms)].sort());
});

describe.each(REPORTER_NAMES)('%s', (name) => {
  test.each([
    ['a file or pipe', false],
    ['a terminal', true],
  ])('shows an enemy’s text as text: %s', async (_, isTty) => {
    // The sequences that this reporter writes about an honest run are its own.
    const honest = await written(name, spoiled('word'), 'word', isTty);
    const own = new Set([...(honest.match(SEQUENCE) ?? []).map(kindOf), ...REDRAW]);
    const text = await written(name, spoiled(ENEMY), ENEMY, isTty);
    const rest = text.replace(SEQUENCE, (sequence) => (own.has(kindOf(sequence)) ? '' : sequence));
    expect(JSON.stringify(ACTING.exec(isTty || name === 'live' ? rest : text))).toBe('null');
    if (!isTty) CHECKS[RENDERERS[name]?.form ?? name]?.(text);
    // Forged commands to a CI's runner would begin a line, be it after spaces.
    if (name !== 'github') expect(rest).not.toMatch(FORGED);
    if (['live', 'lines', 'tap'].includes(name))
      expect(Math.max(...rest.split('\n').map((line) => line.length))).toBeLessThan(4 * LINE_CAP_CHARS);
  });
});

test('the enemy’s text does act: the checks would see it', () => {
  for (const attack of ATTACKS.slice(0, 7)) expect(attack).toMatch(ACTING);
  expect(() => CHECKS.junit?.(`<a>${ENEMY}</a>`)).toThrow();
  expect(() => CHECKS.tap?.(`TAP version 14\n1..6\nok 1 - ${ENEMY}`)).toThrow();
  expect(() => checkMarkdown(`| a |\n| --- |\n| ${ENEMY} |`)).toThrow();
  expect(() => checkMarkdown('| guest |\n| --- |\n| see https://evil.example |')).toThrow();
});

test('in JSON a text is whole', async () => {
  const document = JSON.parse(await written('json', spoiled(ENEMY), ENEMY, false));
  expect(document.cells[1].reason).toContain(ENEMY);
});

describe('a diagnosis shows an enemy’s text as text', () => {
  const sheet = diagnosisSheet(
    {
      registration: 'never',
      current: ENEMY,
      available: [ENEMY],
      cause: 'undetermined',
      confidence: 'none',
      evidence: [{ line: 1, text: ENEMY, shows: ENEMY }],
      not: [ENEMY],
      next: [ENEMY],
      summary: ENEMY,
    },
    { first: { n: 1, text: ENEMY, prefix: ENEMY }, found: ENEMY },
    ENEMY,
    [{ n: 1, shown: ENEMY }],
  );

  test('on a terminal', () => {
    const text = sheetText(sheet, false);
    expect(JSON.stringify(ACTING.exec(text.replaceAll('\t', '')))).toBe('null');
    expect(text).not.toMatch(FORGED);
  });

  test('in markdown', () => {
    const text = sheetMarkdown(sheet);
    expect(JSON.stringify(ACTING.exec(text.replaceAll('\t', '')))).toBe('null');
    expect(text).not.toMatch(FORGED);
    checkMarkdown(text);
  });

  test('on a page', () => {
    const text = [...diagnosisPage(sheet)].join('');
    const own = text.replaceAll(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, (element) =>
      element.replaceAll('\n', ''),
    );
    expect(JSON.stringify(ACTING.exec(own.replaceAll('\t', '')))).toBe('null');
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text).not.toMatch(/<img|<a href="http/);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });
});

test.each(ATTACKS.map((attack) => [attack.slice(0, 30), attack]))('text for terminals: %j', (_, attack) => {
  for (const text of [oneLine(attack), block(attack)]) {
    expect(JSON.stringify(ACTING.exec(text.replaceAll('\t', '')))).toBe('null');
    expect(text).not.toMatch(FORGED);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(LINE_CAP_CHARS + 10);
  }
  expect(oneLine(attack)).not.toMatch(/[\n\t]/);
});
