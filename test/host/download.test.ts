import { access, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { downloadFile } from '../../harness/host/download.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { inScratch, sha256 } from '../kernel/tools.ts';

async function withServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  work: (base: string, target: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await inScratch((folder) => work(`http://127.0.0.1:${port}`, join(folder, 'target')));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const BODY = Buffer.alloc(3_000_000, 'kernel');

test('a file comes with its digest, through a redirect, and with progress', async () => {
  await withServer(
    (request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
    },
    async (base, target) => {
      const seen: number[] = [];
      const options = {
        sha256: sha256(BODY).toUpperCase(),
        onProgress: (bytes: number) => void seen.push(bytes),
      };
      expect(await downloadFile(`${base}/old`, target, options)).toEqual({
        sha256: sha256(BODY),
        bytes: BODY.length,
      });
      expect(sha256(await readFile(target))).toBe(sha256(BODY));
      expect(seen.at(-1)).toBe(BODY.length);
    },
  );
});

test('a wrong sha256 names both digests and leaves no file', async () => {
  await withServer(
    (_request, response) => void response.end('another file'),
    async (base, target) => {
      const expected = sha256('the file');
      const failing = downloadFile(base, target, { sha256: expected });
      await expect(failing).rejects.toMatchObject({ name: 'UserError' });
      await expect(failing).rejects.toThrow(new RegExp(`${expected}.*${sha256('another file')}`));
      await expect(access(target)).rejects.toThrow();
    },
  );
});

test.each([
  [404, 'UserError'],
  [403, 'UserError'],
  [500, 'HostFault'],
  [429, 'HostFault'],
])('status %i is a %s that names it', async (status, name) => {
  await withServer(
    (_request, response) => void response.writeHead(status).end(),
    async (base, target) => {
      const failing = downloadFile(`${base}/k.deb`, target);
      await expect(failing).rejects.toMatchObject({ name });
      await expect(failing).rejects.toThrow(`${base}/k.deb: the server answered ${status}`);
    },
  );
});

test.each([true, false])('a file above the cap is refused (length announced: %s)', async (announced) => {
  await withServer(
    (_request, response) => {
      response.writeHead(200, announced ? { 'content-length': BODY.length } : {});
      response.end(BODY);
    },
    async (base, target) => {
      await expect(downloadFile(base, target, { maxBytes: 1_000_000 })).rejects.toThrow(
        '1000000 bytes allowed',
      );
      await expect(access(target)).rejects.toThrow();
    },
  );
});

test('a connection that breaks off is a network fault', async () => {
  await withServer(
    (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('half', () => response.destroy());
    },
    async (base, target) => {
      await expect(downloadFile(base, target)).rejects.toMatchObject({ name: 'HostFault', code: 'network' });
      await expect(access(target)).rejects.toThrow();
    },
  );
});

test('a server that says nothing is given up on', async () => {
  await withServer(
    () => {},
    async (base, target) => {
      const failing = downloadFile(base, target, { stallMs: 50 });
      await expect(failing).rejects.toThrow('nothing came for 0.05 s');
    },
  );
});

test('a download can be interrupted', async () => {
  const controller = new AbortController();
  await withServer(
    (_request, response) => {
      response.writeHead(200);
      response.write('half', () => controller.abort());
    },
    async (base, target) => {
      const failing = stoppedBy(controller.signal, () => downloadFile(base, target));
      await expect(failing).rejects.toMatchObject({ name: 'Interrupted' });
      await expect(access(target)).rejects.toThrow();
    },
  );
});

test('nobody listening is a network fault', async () => {
  let base = '';
  await withServer(
    () => {},
    async (there) => {
      base = there;
    },
  );
  await inScratch(async (folder) => {
    const failing = downloadFile(base, join(folder, 'target'));
    await expect(failing).rejects.toMatchObject({ name: 'HostFault', code: 'network' });
    await expect(failing).rejects.toThrow('ECONNREFUSED');
  });
});

test('a file:// URL is read from the disk', async () => {
  await inScratch(async (folder) => {
    await writeFile(join(folder, 'a b'), 'local');
    const url = pathToFileURL(join(folder, 'a b')).href;
    expect(await downloadFile(url, join(folder, 'target'))).toEqual({ sha256: sha256('local'), bytes: 5 });
    await expect(downloadFile(`${url}c`, join(folder, 'target'))).rejects.toMatchObject({
      name: 'UserError',
    });
  });
});

test.each(['ftp://host/file', 'not a url'])('%s is refused', async (url) => {
  await expect(downloadFile(url, '/nonexistent/target')).rejects.toMatchObject({ name: 'UserError' });
});
