/** The page's script. */
import { readAddress } from './address.ts';
import { readIndex } from './data.ts';
import { startFilter } from './filter.ts';
import { type Matrix, startMatrix } from './matrix.ts';
import { startDialog } from './opened-view.ts';
import { startTheme } from './theme.ts';

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
