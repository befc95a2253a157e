/**
 * Work on text from elsewhere in a thread of its own: it can be stopped at any moment, its memory has a limit, and signals
 * are answered meanwhile. For texts that are large enough to be felt; a thread takes some 100 ms to start.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { HostFault, Interrupted } from '../base/errors.ts';
import { interruption } from './interruption.ts';

interface WorkLimits {
  /** What is done, for messages: "reading the console". */
  readonly what: string;
  /** Wall time, ms. A safety net: the work itself is to end by its own limits. */
  readonly deadlineMs?: number;
  /** Of the thread's heap, MiB. */
  readonly memoryMiB?: number;
  /** Parts of the input that move to the thread and are empty here afterwards; others are copied. */
  readonly moved?: readonly Uint8Array[];
}

const DEADLINE_MS = 120_000;
const MEMORY_MIB = 512;
/** After an interruption the work may still end by itself: it is mostly nearly done. */
const GRACE_MS = 500;

/**
 * Runs a module that answers with answerWork() and gives its answer. Rejects with HostFault if the work passes a limit,
 * and with what the work threw.
 */
export function workInThread<I, O>(module: URL, input: I, limits: WorkLimits): Promise<O> {
  const { what, deadlineMs = DEADLINE_MS, memoryMiB = MEMORY_MIB, moved = [] } = limits;
  const signal = interruption();
  const worker = new Worker(module, {
    workerData: input,
    // Only a whole buffer can move; small ones share theirs.
    transferList: moved.flatMap(({ buffer, byteLength }) =>
      byteLength > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
    ),
    resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
  });
  return new Promise<O>((resolve, reject) => {
    const timers: NodeJS.Timeout[] = [];
    const end = (settle: () => void): void => {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
      void worker.terminate();
    };
    const fail = (code: string, why: string): void =>
      end(() => reject(new HostFault(code, `${what}: ${why}`)));
    const onAbort = (): void =>
      void timers.push(setTimeout(() => end(() => reject(new Interrupted(what))), GRACE_MS));
    timers.push(setTimeout(() => fail('too-slow', `it took longer than ${deadlineMs / 1000} s`), deadlineMs));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    worker.once('message', (answer: O) => end(() => resolve(answer)));
    worker.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? fail('too-large', `it needs more than ${memoryMiB} MiB of memory`)
        : end(() => reject(error)),
    );
    worker.once('exit', (code) => fail('thread-died', `its thread ended with ${code} and no answer`));
  });
}

/** In the module that a thread runs: gives its answer. */
export function answerWork<I, O>(work: (input: I) => O): void {
  parentPort?.postMessage(work(workerData as I));
}

/** A module beside the one at `here` (import.meta.url), in a checkout and as built. */
export function moduleBeside(here: string, name: string): URL {
  return new URL(`./${name}${here.endsWith('.ts') ? '.ts' : '.js'}`, here);
}

/** More text than this, or more lines, is felt. */
const FELT_BYTES = 1024 * 1024;
const FELT_LINES = 16 * 1024;

/** Whether reading texts would keep us from answering a signal for a noticeable time. */
export function isFelt(texts: readonly Uint8Array[]): boolean {
  if (texts.reduce((sum, { length }) => sum + length, 0) > FELT_BYTES) return true;
  let lines = 0;
  for (const text of texts)
    for (const end of [0x0a, 0x0d])
      for (let at = text.indexOf(end); at >= 0 && lines <= FELT_LINES; at = text.indexOf(end, at + 1))
        lines++;
  return lines > FELT_LINES;
}
