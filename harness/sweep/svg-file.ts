/** The drawing as a file of its own: with its style, light or dark as the reader's system is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../host/project.ts';

/** The colours of harness/report/html/page/theme.css, for programs that know no light-dark(). */
const LIGHT = {
  ground: '#ffffff',
  panel: '#ffffff',
  raised: '#eef1f5',
  ink: '#18222e',
  quiet: '#526071',
  edge: '#d5dce4',
  'strong-edge': '#8593a3',
  accent: '#1d4ed8',
  'mark-edge': '#b7791f',
  'mark-ink': '#6b4400',
};
const DARK = {
  ground: '#0e1319',
  panel: '#161d25',
  raised: '#202a34',
  ink: '#e3e9f0',
  quiet: '#9fadbc',
  edge: '#2c3843',
  'strong-edge': '#6b7a89',
  accent: '#8ab4ff',
  'mark-edge': '#e3b341',
  'mark-ink': '#f2cf77',
};
const EDGES = {
  'o-expected': ['#2f8f46', '#3fa45a'],
  'o-unexpected': ['#d3362b', '#f2594d'],
  'o-flaky': ['#c98500', '#dd9f24'],
  'o-changed': ['#3b6fe0', '#5588f3'],
  'o-skipped': ['#94a1b0', '#697784'],
} as const;

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

function edges(at: 0 | 1): string {
  return Object.entries(EDGES)
    .map(([name, colours]) => `.${name}{--o-edge:${colours[at]}}`)
    .join('');
}

/** `svg` is what drawing() makes, of classes alone. */
export function svgFile(svg: string): string {
  const rules = readFileSync(
    join(projectFolder(), 'harness', 'report', 'html', 'page', 'plot.css'),
    'utf8',
  ).replaceAll(/\/\*.*?\*\//gs, '');
  const style = [
    `.plot{${variables(LIGHT)};background:var(--ground)}`,
    edges(0),
    `@media (prefers-color-scheme:dark){.plot{${variables(DARK)}}${edges(1)}}`,
    rules,
  ].join('\n');
  return `${svg.replace(/>/, `><style>${style}</style>`)}\n`;
}
