/** The drawing as a file of its own: with its style, light or dark as the reader's system is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../host/project.ts';

const pageFile = (name: string): string =>
  readFileSync(join(projectFolder(), 'harness', 'report', 'html', 'page', name), 'utf8');

/** The pages' colours of one theme, for programs that know no light-dark(): variables, and edges by class. */
function colours(theme: 'light' | 'dark'): { readonly variables: string; readonly edges: string } {
  const css = pageFile('theme.css').replaceAll(
    /light-dark\((#\w+), (#\w+)\)/g,
    theme === 'light' ? '$1' : '$2',
  );
  const [root = ''] = /:root \{.*?\}/s.exec(css) ?? [];
  // Beside a light text the drawing is on white.
  const ground = theme === 'light' ? ';--ground:var(--panel)' : '';
  const edges = css.matchAll(/^(\.o-[\w-]+) \{.*?--o-edge: (#\w+);/gms);
  return {
    variables: [...root.matchAll(/(--[\w-]+): (#\w+);/g)].map((m) => `${m[1]}:${m[2]}`).join(';') + ground,
    edges: [...edges].map((m) => `${m[1]}{--o-edge:${m[2]}}`).join(''),
  };
}

/** `svg` is what drawing() makes, of classes alone. */
export function svgFile(svg: string): string {
  const [light, dark] = [colours('light'), colours('dark')];
  const style = [
    `.plot{${light.variables};background:var(--ground)}`,
    light.edges,
    `@media (prefers-color-scheme:dark){.plot{${dark.variables}}${dark.edges}}`,
    pageFile('plot.css').replaceAll(/\/\*.*?\*\//gs, ''),
  ].join('\n');
  return `${svg.replace(/>/, `><style>${style}</style>`)}\n`;
}
