/**
 * Annotations for GitHub Actions, which shows them at the lines of the matrix: workflow commands, escaped as GitHub's toolkit does
 * (packages/core/src/command.ts). Cells that one line of the matrix speaks for are one annotation: a step may have ten of each level.
 */
import { oneLine } from '../base/safe-text.ts';
import { shortList } from '../base/suggest.ts';
import { knownText } from '../plan/expectations.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';
import type { Outcome } from '../verdict/types.ts';

type Kind = Outcome | 'known issue';

function kindOf(cell: CellView): Kind {
  return cell.judged?.known === undefined ? resultOf(cell).outcome : 'known issue';
}

function whyOf(cell: CellView): string {
  return cell.judged?.known === undefined ? resultOf(cell).reason : knownText(cell.judged.known);
}

/** A host's fault is not the kernel's, and what this host cannot run is neither. */
const LEVELS: Readonly<Record<Exclude<Kind, 'expected'>, 'error' | 'warning' | 'notice'>> = {
  unexpected: 'error',
  flaky: 'error',
  'infra-error': 'warning',
  skipped: 'notice',
  'known issue': 'notice',
};
const SHOWN_CELLS = 20;

export function renderGithub(view: RunView): string {
  const groups = Map.groupBy(
    [...view.cells.values()].filter((cell) => kindOf(cell) !== 'expected'),
    (cell) => `${cell.cell.line ?? ''} ${kindOf(cell)}`,
  );
  const path = view.started?.matrix.path ?? '';
  return [...groups.values()].map((cells) => `${annotation(path, cells)}\n`).join('');
}

function annotation(path: string, cells: readonly CellView[]): string {
  const [first] = cells as [CellView];
  const { line } = first.cell;
  const kind = kindOf(first) as keyof typeof LEVELS;
  const reasons = Map.groupBy(cells, whyOf);
  const text = [...reasons].map(([reason, alike]) => {
    const ids = shortList(
      alike.map(({ cell }) => oneLine(cell.id)),
      SHOWN_CELLS,
    );
    return `${ids}: ${oneLine(reason)}`;
  });
  // The runner makes an absolute path that is in its workspace a relative one, also from within a container.
  const properties = {
    ...(path === '' ? {} : { file: path }),
    ...(line === undefined ? {} : { line: String(line) }),
    title: `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'} ${kind}`,
  };
  const words = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(oneLine(value))}`);
  return `::${LEVELS[kind]} ${words.join(',')}::${escapeData(text.join('\n'))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
