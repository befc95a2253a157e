/** A kernel that could not be built: a finding about its source, patches or configuration, not a fault of the host. */

type BuildFault = 'patch' | 'config' | 'compile';

interface More {
  readonly hint?: string | undefined;
  readonly logPath?: string | undefined;
  readonly cause?: unknown;
}

/** `message` is ready for a terminal: what came out of files and compilers is without control characters. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly fault: BuildFault;
  readonly hint: string | undefined;
  /** The whole log of the build, if there is one. */
  readonly logPath: string | undefined;
  constructor(fault: BuildFault, message: string, more: More = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.fault = fault;
    this.hint = more.hint;
    this.logPath = more.logPath;
  }
}

/** Foreign text for a terminal: tabs and line feeds stay, other control characters do not. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it removes.
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '?');
}
