/** The page's script and style, each as one text: bundled from page/ in a checkout, as packed by scripts/write-page.ts in the package. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'page');
/** What page/ holds of each: its source, and what packing makes of it. */
const FILES = {
  script: { source: 'main.ts', packed: 'main.js' },
  style: { source: 'main.css', packed: 'main.css' },
} as const;
type Part = keyof typeof FILES;
export type Bundle = Readonly<Record<Part, string>>;

let made: Bundle | undefined;

/** Once in a process: esbuild's own runs for some ten ms and ends. */
export function bundlePage(): Bundle {
  const make = import.meta.filename.endsWith('.ts') ? bundle : packed;
  made ??= { script: make('script'), style: make('style') };
  return made;
}

/** What goes into the package: file names below this folder, with their texts. */
export function packedPage(): (readonly [name: string, text: string])[] {
  const page = bundlePage();
  return (Object.keys(FILES) as Part[]).map((part) => [join('page', FILES[part].packed), page[part]]);
}

const packed = (part: Part): string => readFileSync(join(FOLDER, FILES[part].packed), 'utf8');

function bundle(part: Part): string {
  // Not imported: whoever installs the package does not have it.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { source } = FILES[part];
  const { outputFiles } = buildSync({
    entryPoints: [join(FOLDER, source)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    charset: 'utf8',
    legalComments: 'none',
    // Its own words for a defect of ours: they come as an exception.
    logLevel: 'silent',
    // The same wherever the files lie.
    tsconfigRaw: '{}',
  });
  const text = outputFiles[0]?.text ?? '';
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${source} would end its own element`);
  return text.trim();
}
