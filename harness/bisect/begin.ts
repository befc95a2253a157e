/** Begins a search: everything that can be wrong is said first, then there is a folder with a journal. */
import { openCache } from '../host/cache.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { newSearchFolder, prepareSearch, type SearchOptions } from './prepare.ts';
import { startSearch } from './run-search.ts';

/** Gives the folder. Throws UserError for what cannot be searched. */
export async function beginSearch(
  words: SearchOptions,
  results: string,
  { tell }: { readonly tell: (text: string) => void },
): Promise<string> {
  await needQemu(words.qemu);
  const cache = await openCache();
  const { spec, notes } = await prepareSearch(words, { cache, onProgress: tell });
  for (const note of notes) tell(note);
  const folder = await newSearchFolder(results, spec, new Date());
  await startSearch(folder, spec);
  return folder;
}
