// The drawing as a file of its own: the colours of the pages, in both themes, for what its style asks.
import { expect, test } from 'vitest';
import { svgFile } from '../../harness/sweep/svg-file.ts';

test('every colour that the style asks for is there, light and dark', () => {
  const text = svgFile('<svg class="plot"><path/></svg>');
  const [light = '', dark = ''] = text.split('@media (prefers-color-scheme:dark)');
  // Those of the rules' own are no colours of the pages.
  const own = new Set([...text.matchAll(/(--[\w-]+): /g)].map((match) => match[1]));
  const asked = new Set([...text.matchAll(/var\((--[\w-]+)\)/g)].map((match) => match[1])).difference(own);
  expect(asked.size).toBeGreaterThan(5);
  for (const name of asked)
    for (const theme of [light, dark]) expect(theme, name).toMatch(new RegExp(`${name}:(?:#|var)`));
  expect(light).toContain('--ink:#18222e');
  expect(dark).toContain('--ink:#e3e9f0');
  expect(text).not.toContain('light-dark(');
  expect(text).toMatch(/^<svg class="plot"><style>.*<\/style><path\/><\/svg>\n$/s);
});
