/** The accessibility rules of WCAG 2.2 A and AA that axe-core can decide by itself. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly passes: readonly { readonly id: string }[];
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** One text for each place that breaks a rule. */
export async function axeViolations(page: Page): Promise<string[]> {
  // As the debugger evaluates it, so the page's policy does not stop it.
  await page.evaluate(AXE);
  const results = await page.evaluate(
    () =>
      (globalThis as unknown as { axe: { run(options: unknown): Promise<unknown> } }).axe.run({
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }) as Promise<unknown>,
  );
  const { passes, violations } = results as AxeResults;
  if (!passes.some(({ id }) => id === 'color-contrast')) throw new Error('axe-core looked at no colours');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)}: ${node.failureSummary ?? ''}`),
  );
}
