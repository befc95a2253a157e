/** A QMP connection: requests and events of one QEMU (docs/interop/qmp-spec.txt in QEMU). */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Qmp {
  /** Sends a command and gives its `return`. Rejects with QEMU's own words, or where the connection ends. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  readonly events: readonly QmpEvent[];
  /** Resolves when the connection has ended and all that came over it was taken. */
  readonly closed: Promise<void>;
  close(): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Message {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly id?: number;
}

function parse(line: string): Message | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Message | null) : null;
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

  const lines = createInterface({ input: socket });
  // It passes on the socket's errors, which are handled above; unheard they would end the whole harness.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const message = parse(line);
    if (message === null) {
      // A QEMU that dies in the middle of a word; what else it may be, it is not QMP.
      socket.destroy();
      return;
    }
    if (message.event !== undefined) events.push({ event: message.event, data: message.data ?? {} });
    const request = message.id === undefined ? undefined : waiting.get(message.id);
    if (request === undefined || message.id === undefined) return;
    waiting.delete(message.id);
    if (message.error === undefined) request.resolve(message.return);
    else request.reject(new Error(message.error.desc));
  });

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
