/** Packing: the script and the style of HTML pages into dist/, so that whoever installs the package needs no bundler. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packedPage } from '../harness/report/html/bundle.ts';

for (const [name, text] of packedPage()) {
  const file = join(import.meta.dirname, '..', 'dist', 'harness', 'report', 'html', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
