/**
 * The reporters, a row for each. Help, messages and the checks of docs and of hostile text follow from these rows. A row's code is
 * loaded when the reporter is asked for: the help of a command knows only the names.
 */
import type { RunComparison } from '../compare/types.ts';
import type { RunView } from '../record/run-view.ts';
import type { ComparisonLook } from './comparison-groups.ts';
import type { KcidbOptions } from './kcidb/kcidb-types.ts';

/** How a text is to be drawn, and what it may say beyond the events. */
export interface Look {
  readonly colour: boolean;
  readonly unicode: boolean;
  readonly columns: number | undefined;
  readonly dir: string | null;
  readonly kcidb: KcidbOptions;
}
type Renderer = (view: RunView, look: Look) => string | Promise<string>;

interface Row {
  /** What reads the text: test/report/untrusted.test.ts has a check for each. */
  readonly form: 'terminal' | 'markdown' | 'junit' | 'tap' | 'github' | 'json';
  readonly load: () => Promise<Renderer>;
}

/** What each reporter makes of a whole run. */
export const RENDERERS: Readonly<Record<string, Row>> = {
  table: { form: 'terminal', load: async () => (await import('./table.ts')).renderTable },
  markdown: { form: 'markdown', load: async () => (await import('./markdown.ts')).renderMarkdown },
  summary: { form: 'markdown', load: async () => (await import('./summary.ts')).renderSummary },
  junit: { form: 'junit', load: async () => (await import('./junit.ts')).renderJunit },
  tap: { form: 'tap', load: async () => (await import('./tap.ts')).renderTap },
  github: { form: 'github', load: async () => (await import('./github.ts')).renderGithub },
  json: { form: 'json', load: async () => (await import('./json.ts')).renderJson },
  kcidb: {
    form: 'json',
    load: async () => {
      const { renderKcidb } = await import('./kcidb/kcidb.ts');
      return (view, { dir, kcidb }) => renderKcidb(view, dir, kcidb);
    },
  },
};
/** Of a stored run. */
export const RENDERED = Object.keys(RENDERERS);
export const REPORTER_NAMES = ['live', 'lines', ...RENDERED, 'none'];

type ComparisonRenderer = (comparison: RunComparison, look: ComparisonLook) => string;

export const COMPARISON_RENDERERS: Readonly<Record<string, () => Promise<ComparisonRenderer>>> = {
  table: async () => (await import('./comparison-table.ts')).renderComparisonTable,
  markdown: async () => (await import('./comparison-markdown.ts')).renderComparisonMarkdown,
  json: async () => {
    const { json } = await import('../base/safe-text.ts');
    return (comparison) => `${json(comparison)}\n`;
  },
};
export const COMPARISON_REPORTERS = [...Object.keys(COMPARISON_RENDERERS), 'none'];

/** Begun at once, since a run may take hours and the program's files may be others by its end; a fault is told when it is awaited. */
export function loadEarly<T>(load: () => Promise<T>): Promise<T> {
  const loaded = load();
  loaded.catch(() => {});
  return loaded;
}
