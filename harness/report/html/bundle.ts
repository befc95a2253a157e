/** The page's script and style, each as one text, from harness/report/html/page. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { projectFolder } from '../../host/project.ts';

export interface Bundle {
  readonly script: string;
  readonly style: string;
}

let made: Bundle | undefined;

/** Bundled once in a process; esbuild's own runs for some ten ms and ends. */
export function bundlePage(): Bundle {
  made ??= { script: bundle('main.ts'), style: bundle('main.css') };
  return made;
}

function bundle(entry: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(projectFolder(), 'harness', 'report', 'html', 'page', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    charset: 'utf8',
    legalComments: 'none',
    // Its own words for a defect of ours: they come as an exception.
    logLevel: 'silent',
    // The same wherever the files lie: in a checkout they have a tsconfig above them, in the package none.
    tsconfigRaw: '{}',
  });
  const text = outputFiles[0]?.text ?? '';
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${entry} would end its own element`);
  return text.trim();
}
