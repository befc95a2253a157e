/** The page's script. */
import { readAddress } from './address.ts';
import { byId, readIndex } from './dom.ts';
import { startFilter } from './filter.ts';
import { type Matrix, startMatrix } from './matrix.ts';
import { startDialog } from './opened-view.ts';

const KEY = 'tscmatrix-theme';

startTheme();
const index = readIndex();
const dialog = startDialog(() => matrix);
const matrix: Matrix = startMatrix((place) => void dialog.open(place));
startFilter(index.cells, matrix);

function openNamed(): void {
  const wanted = readAddress().get('cell');
  const place = wanted === null ? -1 : index.cells.findIndex((cell) => cell.id === wanted);
  if (place >= 0) void dialog.open(place);
}
addEventListener('hashchange', openNamed);
openNamed();

/** Light, dark, or as the system has it. */
function startTheme(): void {
  const choice = byId('theme');
  const stored = remembered();
  apply(stored);
  if (!(choice instanceof HTMLSelectElement)) return;
  choice.value = stored;
  choice.addEventListener('change', () => {
    apply(choice.value);
    try {
      localStorage.setItem(KEY, choice.value);
    } catch {
      // A page from a file may have no storage: the choice then lasts as long as the page.
    }
  });
}

function remembered(): string {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : '';
  } catch {
    return '';
  }
}

function apply(theme: string): void {
  if (theme === '') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
