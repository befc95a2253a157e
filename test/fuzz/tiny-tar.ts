/** The archive of a small blob, not yet compressed, and its blocks. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { captured } from './inputs.ts';

export interface TinyTar {
  readonly whole: Buffer;
  readonly pieces: readonly string[];
}

export async function tinyTar(): Promise<TinyTar> {
  const [events = Buffer.of()] = captured('records', 'events.jsonl');
  const files = [
    { path: 'events.jsonl', content: events.subarray(0, 4000) },
    { path: 'cells/a/boot-1/console.log', content: Buffer.from('tsc: Fast TSC calibration failed\n') },
  ];
  const listed = files.map(({ path, content }) => ({
    path,
    size: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  const manifest = JSON.stringify({
    format: 'tscmatrix-blob',
    version: 1,
    label: 'a',
    run: 'r',
    files: listed,
  });
  const archive = pack();
  archive.entry({ name: 'blob.json' }, manifest);
  for (const { path, content } of files) archive.entry({ name: `run/${path}` }, content);
  archive.finalize();
  const whole = await buffer(archive as unknown as NodeJS.ReadableStream);
  const blocks = Array.from({ length: Math.ceil(whole.length / 512) }, (_, i) =>
    whole.subarray(i * 512, (i + 1) * 512).toString('latin1'),
  );
  return { whole, pieces: [...new Set(blocks)] };
}
