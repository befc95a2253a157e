/** The parts of a page, without a browser. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import { readBootFiles } from '../../harness/report/html/boot-files.ts';
import { CONSOLE_LIMIT_CHARS, consolePage } from '../../harness/report/html/console-page.ts';
import { html, trusted, visible } from '../../harness/report/html/markup.ts';
import { embedJson, makePacker, packJson } from '../../harness/report/html/packer.ts';
import { renderRunPage } from '../../harness/report/html/run-page.ts';
import type { Opened } from '../../harness/report/html/types.ts';
import { hostileConsole, INJECTIONS } from '../browser/hostile.ts';
import { HOSTILE } from '../record/sample-run.ts';
import { capture, variedCells, writeRun } from '../support/made-run.ts';
import { CONTROL } from './streams.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'html-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const source = (bytes: Uint8Array, cited: readonly number[] | null = []) => ({
  path: 'cells/c/boot-1/console.log',
  title: 'console',
  bytes,
  cited,
});
const openedOf = (packed: string): Opened =>
  JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString()) as Opened;

describe('text', () => {
  test('becomes part of markup only escaped, and control characters are shown', () => {
    const { markup } = html`<a title="${'"><b>'}">${HOSTILE}${trusted('<i></i>')}</a>`;
    expect(markup).toContain('<a title="&quot;&gt;&lt;b&gt;">');
    expect(markup).toContain('&lt;/failure&gt;');
    expect(markup).toContain('\\x00');
    expect(markup).toMatch(/<i><\/i><\/a>$/);
    expect(CONTROL.test(markup)).toBe(false);
  });

  test('that reorders what is read is shown as its code', () => {
    expect(visible('a\u202eb\u2066c')).toBe('a\\u{202e}b\\u{2066}c');
    expect(visible('lone \ud800 half')).not.toMatch(/\ud800/);
  });

  test('in JSON cannot end its script element, and parses to the same value', () => {
    const value = { text: INJECTIONS.join('\n'), '</script>': ['<!--', '\u2028', '&'] };
    const embedded = embedJson(value);
    expect(embedded).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(embedded)).toEqual(value);
  });

  test('that is packed holds nothing but base64', () => {
    const packed = packJson({ text: INJECTIONS });
    expect(packed).toMatch(/^[A-Za-z0-9+/=]+$/);
    expect(JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString())).toEqual({ text: INJECTIONS });
  });
});

describe('a console', () => {
  test('has its frames as tags, and what the probe repeats as a reference', () => {
    const page = consolePage(source(capture('debian-7.3-tsc-unstable')), 'whole');
    const first = page.lines.findIndex(([, frame]) => frame === 'dmesg');
    expect(page.lineCount).toBe(740);
    expect(page.notes).toEqual([]);
    const [, , packed] = page.lines[first] ?? [];
    const place = packed as number;
    expect(page.lines[place]?.[1]).toBe('');
    expect(page.lines[place]?.[2]).toMatch(/Linux version/);
  });

  test('that is hostile comes out printable, its long line cut and that said', () => {
    const page = consolePage(source(hostileConsole(capture('debian-7.3-tsc-unstable'))), 'whole');
    const texts = page.lines.map(([, , text]) => String(text));
    expect(texts.some((text) => CONTROL.test(text.replaceAll('\t', '')))).toBe(false);
    expect(texts).toContain('NUL\\x00 \\xff\\xfe\\xc3(\\x07\\x08');
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(4200);
    expect(page.notes.join(' ')).toContain('One line is cut after 4096 characters.');
    expect(page.notes.join(' ')).toContain('Escape sequences are taken out');
  });

  test('that is too long keeps both ends and what is cited, and says what is missing', () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `[    0.000000] line ${i + 1}`);
    const page = consolePage(source(Buffer.from(lines.join('\n')), [25_000]), 'whole');
    const numbers = new Set(page.lines.map(([n]) => n));
    expect(page.lineCount).toBe(50_000);
    expect(page.lines.length).toBeLessThan(CONSOLE_LIMIT_CHARS / 25);
    for (const n of [1, 50_000, 25_000, 24_992, 25_008]) expect(numbers.has(n), `line ${n}`).toBe(true);
    expect(numbers.has(20_000)).toBe(false);
    expect(page.notes[0]).toBe(
      `${50_000 - page.lines.length} of 50000 lines are left out: a page holds 256 KiB of a console. The whole is in cells/c/boot-1/console.log.`,
    );
  });

  test('of nothing but line ends does not make a page of a million lines', () => {
    expect(consolePage(source(Buffer.alloc(1_000_000, '\n')), 'whole').lines.length).toBeLessThan(10_000);
  });
});

describe('the size', () => {
  test('is kept by excerpts once the room is used up', async () => {
    const packer = makePacker(1800);
    const asked: string[] = [];
    const make = (name: string) => async (extent: 'whole' | 'excerpt') => {
      asked.push(`${name} ${extent}`);
      const noise = createHash('sha512').update(name).digest('hex');
      const text = Array.from({ length: extent === 'whole' ? 12 : 1 }, (_, i) =>
        createHash('sha512')
          .update(noise + i)
          .digest('hex'),
      );
      return { id: text.join('') } as unknown as Opened;
    };
    await packer.pack(make('first'));
    await packer.pack(make('second'));
    expect(asked).toEqual(['first whole', 'second whole', 'second excerpt']);
    expect(packer.shortened()).toBe(1);
  });

  test('shortens expected cells first', async () => {
    const cells = variedCells(3, 2);
    const record = await readRecord(await writeRun(join(folder, 'short'), 'short', cells));
    const parts = [...(await renderRunPage(record, { packer: makePacker(20_000) }))];
    const index = JSON.parse(/id="index">(.*?)<\/script>/s.exec(parts[0] ?? '')?.[1] ?? '{}') as {
      cells: { outcome: string }[];
    };
    const opened = parts.flatMap((part) => {
      const packed = /^<script type="text\/plain" id="p\d+">(.*)<\/script>/.exec(part)?.[1];
      return packed === undefined ? [] : [openedOf(packed)];
    });
    const left = opened.map(({ sides }) => sides[0]?.cell.boots[0]?.consoles[0]?.notes.length ?? 0);
    const bad = index.cells.findIndex(({ outcome }) => outcome === 'unexpected');
    expect(left[bad]).toBe(0);
    expect(left.filter((notes) => notes > 0).length).toBeGreaterThan(2);
    expect(parts[0]).toMatch(/The consoles of \d+ cells are shortened/);
  });
});

describe('files of a record', () => {
  test('outside the run are not read, by whatever way the record leads there', async () => {
    const run = join(folder, 'outside', 'run');
    const secret = join(folder, 'outside', 'secret');
    await mkdir(join(run, 'cells', 'c', 'boot-1'), { recursive: true });
    await mkdir(secret);
    await writeFile(join(secret, 'console.log'), 'a secret');
    await symlink(join(secret, 'console.log'), join(run, 'cells', 'c', 'boot-1', 'console.log'));
    await symlink(secret, join(run, 'cells', 'c', 'boot-2'));
    for (const path of ['../secret', 'cells/c/boot-1', 'cells/c/boot-2', secret]) {
      const { logs, problems } = await readBootFiles(run, path);
      expect(logs, path).toEqual([]);
      expect(problems.length, path).toBeGreaterThan(0);
    }
  });

  test('that are gone leave a page that says so', async () => {
    const dir = await writeRun(join(folder, 'gone'), 'gone', variedCells(1, 1));
    await rm(join(dir, 'cells'), { recursive: true });
    const parts = [...(await renderRunPage(await readRecord(dir)))];
    const packed = /id="p0">(.*)<\/script>/.exec(parts[1] ?? '')?.[1] ?? '';
    expect(openedOf(packed).sides[0]?.cell.boots[0]?.problems[0]).toMatch(/holds no console\.log/);
  });
});

describe('the page', () => {
  const pageOf = async (dir: string): Promise<string> =>
    [...(await renderRunPage(await readRecord(dir)))].join('');

  test('of a record of version 1 can be made', async () => {
    const page = await pageOf(join(import.meta.dirname, '..', 'record', 'fixtures', 'v1'));
    expect(page).toContain('role="gridcell"');
  });

  test('allows its own style and script by their digests, and nothing else', async () => {
    const page = await pageOf(await writeRun(join(folder, 'policy'), 'policy', variedCells(1, 1)));
    const policy =
      /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    const digest = (text = ''): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain(`style-src ${digest(/<style>(.*?)<\/style>/s.exec(page)?.[1])};`);
    expect(policy).toContain(`script-src ${digest(/<script>(.*?)<\/script>/s.exec(page)?.[1])};`);
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toMatch(/(?:src|href)="(?!#|data:)/);
    expect(page).not.toMatch(/<[^>]* (?:on\w+|style)=/);
  });
});
