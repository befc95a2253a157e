/** A QMP connection: requests and events of one QEMU (docs/interop/qmp-spec.txt in QEMU). */
import { connect, type Socket } from 'node:net';

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Qmp {
  /** Sends a command and gives its `return`. Rejects with QEMU's own words, or if the connection ends. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  readonly events: readonly QmpEvent[];
  /** Resolves when the connection has ended and all that came over it was taken. */
  readonly closed: Promise<void>;
  close(): void;
}

/** QEMU's longest answer, of query-qmp-schema, has some 200 kB; ours are a hundredth of that. */
const LINE_BYTES_MAX = 1024 * 1024;
/** A guest can have QEMU send events without end (RTC_CHANGE). The last ones tell how it ended. */
const EVENTS_MAX = 1000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** As it came, unchecked. */
interface Message {
  readonly event?: unknown;
  readonly data?: unknown;
  readonly return?: unknown;
  readonly error?: unknown;
  readonly id?: unknown;
}

function parse(line: string): Message | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Gives each line that comes; one that has no end is no QMP. */
function onLines(socket: Socket, take: (line: string) => void): void {
  let open: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0 && !socket.destroyed; end = chunk.indexOf(0x0a, from)) {
      take(Buffer.concat([...open, chunk.subarray(from, end)]).toString('utf8'));
      open = [];
      bytes = 0;
      from = end + 1;
    }
    open.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > LINE_BYTES_MAX) socket.destroy();
  });
}

/** Connects, takes the greeting and leaves negotiation mode. */
export async function connectQmp(path: string): Promise<Qmp> {
  const socket = await openSocket(path);
  const waiting = new Map<number, Waiting>();
  const events: QmpEvent[] = [];
  let nextId = 0;

  const end = (why: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('QEMU closed the QMP connection'));

  // All that came was taken before the socket tells that it is closed.
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });

  const take = (line: string): void => {
    const message = parse(line);
    if (message === null) {
      // A QEMU that dies in the middle of a word; what else it may be, it is not QMP.
      socket.destroy();
      return;
    }
    if (typeof message.event === 'string') {
      events.push({ event: message.event, data: isMap(message.data) ? message.data : {} });
      if (events.length > EVENTS_MAX) events.shift();
    }
    const request = typeof message.id === 'number' ? waiting.get(message.id) : undefined;
    if (request === undefined || typeof message.id !== 'number') return;
    waiting.delete(message.id);
    if (message.error === undefined) request.resolve(message.return);
    else
      request.reject(
        new Error(isMap(message.error) ? String(message.error.desc) : 'an error that QEMU does not name'),
      );
  };
  onLines(socket, take);

  const execute = (command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) {
        reject(new Error('QEMU closed the QMP connection'));
        return;
      }
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });

  await execute('qmp_capabilities');
  return { execute, events, closed, close: () => socket.destroy() };
}
