/** Writes a page to its file. */
import { fileSink, type Sink } from '../../host/sink.ts';

/** Written at once; a file is opened for each. */
const CHUNK_CHARS = 4 * 1024 * 1024;

/** Shows that the file can be written, before anything is made. Throws UserError if not. */
export function pageSink(path: string): Sink {
  return fileSink('html', path);
}

/** Gives the number of bytes. */
export async function writePage(sink: Sink, parts: Iterable<string>): Promise<number> {
  let chunk = '';
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await sink.write(chunk);
    bytes += Buffer.byteLength(chunk);
    chunk = '';
  };
  for (const part of parts) {
    chunk += part;
    if (chunk.length >= CHUNK_CHARS) await flush();
  }
  await flush();
  return bytes;
}
