/** Whether what runs is to stop: one signal for a work and all that it starts, in whatever room, without being passed on. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Interrupted } from '../base/errors.ts';

const current = new AsyncLocalStorage<AbortSignal>();
const NEVER = new AbortController().signal;

/** Aborted if the work that asks is to stop. */
export function interruption(): AbortSignal {
  return current.getStore() ?? NEVER;
}

/** Runs a work that this signal stops, beside whatever stops the caller. */
export function stoppedBy<T>(signal: AbortSignal, work: () => T): T {
  return current.run(AbortSignal.any([interruption(), signal]), work);
}

/** Throws Interrupted if the work that asks is to stop. `what`: what it breaks off. */
export function stopIfInterrupted(what?: string): void {
  if (interruption().aborted) throw new Interrupted(what);
}
