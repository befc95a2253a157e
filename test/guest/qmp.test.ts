/** The QMP client against a small server that speaks QMP as QEMU does, and as a dying QEMU does. */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectQmp } from '../../harness/guest/machine/qmp.ts';
import { testFolder } from '../support/faulty-guest.ts';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}}, "capabilities": []}}\r\n';

interface Request {
  readonly execute: string;
  readonly arguments: Record<string, unknown>;
  readonly id: number;
}

/** Serves one connection; `answer` gets every request but the negotiation. */
async function serve(answer: (request: Request, socket: Socket) => void): Promise<string> {
  const path = join(await testFolder(), 'qmp.sock');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(GREETING);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const request = JSON.parse(line) as Request;
        if (request.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${request.id}}\r\n`);
        else answer(request, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    server.close();
  });
  return path;
}

test('a command gets its return value', async () => {
  const path = await serve(({ id, arguments: args }, socket) => {
    socket.write(`${JSON.stringify({ return: { echo: args }, id })}\r\n`);
  });
  const qmp = await connectQmp(path);
  expect(await qmp.execute('qom-get', { path: '/machine' })).toEqual({ echo: { path: '/machine' } });
  qmp.close();
});

test('answers in another order and in pieces reach the right askers', async () => {
  const waiting: Request[] = [];
  const path = await serve((request, socket) => {
    waiting.push(request);
    if (waiting.length < 2) return;
    const text = waiting
      .reverse()
      .map(({ id, execute }) => `${JSON.stringify({ return: execute, id })}\r\n`)
      .join('');
    // Byte by byte, each in a turn of its own.
    for (let at = 0; at < text.length; at++) setTimeout(() => socket.write(text[at] ?? ''), at);
  });
  const qmp = await connectQmp(path);
  expect(await Promise.all([qmp.execute('first'), qmp.execute('second')])).toEqual(['first', 'second']);
  qmp.close();
});

test("an error is rejected in QEMU's words", async () => {
  const path = await serve(({ id }, socket) => {
    const error = { class: 'CommandNotFound', desc: 'The command nonsense has not been found' };
    socket.write(`${JSON.stringify({ error, id })}\r\n`);
  });
  const qmp = await connectQmp(path);
  await expect(qmp.execute('nonsense')).rejects.toThrow('The command nonsense has not been found');
  qmp.close();
});

test('events are kept in order, also those that come together with the end', async () => {
  const path = await serve((_, socket) => {
    socket.end(
      '{"event": "RESET", "data": {"guest": true}}\r\n{"event": "SHUTDOWN", "data": {"reason": "guest-reset"}}\r\n',
    );
  });
  const qmp = await connectQmp(path);
  await expect(qmp.execute('anything')).rejects.toThrow('closed');
  await qmp.closed;
  expect(qmp.events).toEqual([
    { event: 'RESET', data: { guest: true } },
    { event: 'SHUTDOWN', data: { reason: 'guest-reset' } },
  ]);
});

test('a reset connection is told to whoever waits and to whoever asks later, and to nobody else', async () => {
  const path = await serve(({ id }, socket) => {
    socket.write(`{"return": 1, "id": ${id}}\r\n`);
    // Closed with a request unread in it, a unix socket is reset: so ends a QEMU that is killed.
    socket.pause();
    setTimeout(() => socket.destroy(), 20);
  });
  const qmp = await connectQmp(path);
  await qmp.execute('first');
  await expect(qmp.execute('second')).rejects.toThrow();
  await qmp.closed;
  await expect(qmp.execute('later')).rejects.toThrow('closed');
});

test.each(['{"return": {', 'not JSON at all', '7'])(
  'the line %j is no QMP and ends the connection',
  async (words) => {
    const path = await serve((_, socket) => socket.write(`${words}\r\n`));
    const qmp = await connectQmp(path);
    await expect(qmp.execute('anything')).rejects.toThrow('closed');
  },
);

test('a socket that is not there is refused', async () => {
  await expect(connectQmp(join(await testFolder(), 'none.sock'))).rejects.toThrow('ENOENT');
});

test('a line without end ends the connection, and not our memory', async () => {
  const path = await serve((_, socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65536, 'x')));
      socket.once('drain', more);
    };
    more();
  });
  const qmp = await connectQmp(path);
  await expect(qmp.execute('query-status')).rejects.toThrow('closed the QMP connection');
  await qmp.closed;
});

test('of events without end the last thousand are kept', async () => {
  const path = await serve(({ id }, socket) => {
    for (let i = 0; i < 5000; i++) socket.write(`{"event": "RTC_CHANGE", "data": {"offset": ${i}}}\n`);
    socket.write(`{"return": {}, "id": ${id}}\n`);
  });
  const qmp = await connectQmp(path);
  await qmp.execute('query-status');
  expect(qmp.events).toHaveLength(1000);
  expect(qmp.events.at(-1)?.data).toEqual({ offset: 4999 });
  qmp.close();
});

test.each([
  '{"event": 3}',
  '{"error": null, "id": 1}',
  '{"id": "1", "return": 2}',
  '{"event": "X", "data": null}',
])('the odd message %s does no harm', async (line) => {
  const path = await serve(({ id }, socket) => {
    if (!line.includes('error')) socket.write(`${line}\n{"return": 5, "id": ${id}}\n`);
    else socket.write(`${line}\n`);
  });
  const qmp = await connectQmp(path);
  const answer = qmp.execute('query-status');
  if (line.includes('error')) await expect(answer).rejects.toThrow('an error that QEMU does not name');
  else expect(await answer).toBe(5);
  qmp.close();
});
