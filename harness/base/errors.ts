/**
 * Faults that are thrown. A fault of the kernel under test is a value (see guest/ending.ts); what is
 * thrown is either the user's input or this host, and the two have different exit codes.
 */

/** The input is wrong: exit code 2. `message` names the place, `hint` the remedy. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly hint: string | undefined;
  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** The host cannot do what was asked (no QEMU, no space, no accelerator): exit code 69. */
export class HostFault extends Error {
  override readonly name = 'HostFault';
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** Somebody wants what runs to stop (Ctrl-C, SIGTERM): exit code 130. No fault of anything. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor(what?: string) {
    super(what === undefined ? 'interrupted' : `${what} was interrupted`);
  }
}

/** Exit codes of every command, as documented in docs/exit-codes.md. */
export const EXIT = { ok: 0, unexpected: 1, usage: 2, hostFault: 69, interrupted: 130 } as const;
