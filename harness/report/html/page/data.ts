/** The data of the page: the index at once, what a cell opens when it is opened. */
import type { Opened, PageIndex } from '../types.ts';

export function readIndex(): PageIndex {
  return JSON.parse(
    document.getElementById('index')?.textContent ?? '{"kind":"run","cells":[]}',
  ) as PageIndex;
}

/** Inflates what the cell at this place of the index opens; null if the page holds nothing for it. */
export async function readOpened(place: number): Promise<Opened | null> {
  // The packed cells come after this script: if a link opens one at once, it may still be on its way.
  if (document.readyState === 'loading')
    await new Promise((done) => document.addEventListener('DOMContentLoaded', done, { once: true }));
  const packed = document.getElementById(`p${place}`)?.textContent ?? '';
  if (packed === '') return null;
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return (await new Response(inflated).json()) as Opened;
}
