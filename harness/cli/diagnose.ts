/** `tscmatrix diagnose`: why is tsc not listed? From the text of a log alone, or from a running guest over SSH. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { UserError } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { readConsole } from '../evidence/console.ts';
import { gatherFacts } from '../evidence/facts.ts';
import { diagnose } from '../verdict/diagnose.ts';
import { diagnosisText } from './diagnosis-text.ts';

export interface DiagnoseFlags {
  /** The content of available_clocksource. */
  readonly available?: string | undefined;
  readonly current?: string | undefined;
  /** [user@]host[:port] of a running guest; its log is read in place of a file. */
  readonly ssh?: string | undefined;
  /** The private key to log in with. */
  readonly identity?: string | undefined;
  readonly json?: boolean | undefined;
}

export interface DiagnoseOptions extends DiagnoseFlags {
  /** A path, or "-" for standard input. Left out: standard input where it is not a terminal. */
  readonly file?: string | undefined;
  readonly signal?: AbortSignal;
  readonly stdin?: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
  readonly stdout?: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** The largest log on record is a few MB; more than this is not a log. */
const CAP_BYTES = 64 * 1024 * 1024;

/** Exit code 0 whatever the diagnosis; text that cannot be read is a UserError. */
export async function diagnoseCommand(options: DiagnoseOptions): Promise<number> {
  const stdout = options.stdout ?? process.stdout;
  const available = names('--available', options.available);
  const current = names('--current', options.current);
  if (current !== undefined && current.length > 1)
    throw new UserError(`--current takes one clocksource, not "${current.join(' ')}"`);

  const bytes = await readInput(options, available !== undefined || current !== undefined);
  const lines = readConsole(bytes);
  const diagnosis = diagnose({ facts: gatherFacts(lines), available, current: current?.[0] });
  stdout.write(
    options.json === true
      ? `${json(diagnosis)}\n`
      : diagnosisText(diagnosis, stdout.isTTY === true && !process.env.NO_COLOR),
  );
  return 0;
}

function names(option: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const list = text.split(/[\s,]+/).filter((name) => name !== '');
  const odd = list.find((name) => !/^[\w.-]{1,31}$/.test(name));
  if (list.length === 0)
    throw new UserError(
      `${option} is empty`,
      `Give what the kernel shows, for example ${option} "kvm-clock acpi_pm"`,
    );
  if (odd !== undefined) throw new UserError(`${option}: ${JSON.stringify(odd)} is no name of a clocksource`);
  return list;
}

async function readInput(options: DiagnoseOptions, mayBeMissing: boolean): Promise<Uint8Array> {
  if (options.ssh !== undefined) return readOverSsh(options.ssh, options);
  if (options.identity !== undefined) throw new UserError('--identity is for --ssh');
  const stdin = options.stdin ?? process.stdin;
  if (options.file !== undefined && options.file !== '-') return readLog(options.file);
  if (options.file === undefined && (mayBeMissing || stdin.isTTY === true)) {
    if (mayBeMissing) return new Uint8Array();
    throw new UserError('no log to read', 'Name a file, or pipe one in: dmesg | tscmatrix diagnose -');
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += part.length;
    if (size > CAP_BYTES) throw tooLarge('standard input');
    chunks.push(part);
  }
  return notEmpty(Buffer.concat(chunks), 'standard input');
}

async function readOverSsh(target: string, options: DiagnoseOptions): Promise<Uint8Array> {
  if (options.file !== undefined) throw new UserError(`both --ssh and the file ${options.file}: choose one`);
  const { collectOverSsh } = await import('./collect.ts');
  return collectOverSsh(target, {
    identity: options.identity,
    signal: options.signal,
    say: (text) => void process.stderr.write(`tscmatrix: ${oneLine(`${target}: ${text}`)}\n`),
  });
}

async function readLog(file: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : (code ?? String(error));
    throw new UserError(
      `cannot read ${file}: ${why}`,
      'Give the file that holds the output of dmesg, or - for standard input',
      {
        cause: error,
      },
    );
  }
  if (bytes.length > CAP_BYTES) throw tooLarge(file);
  return notEmpty(bytes, file);
}

function notEmpty(bytes: Uint8Array, where: string): Uint8Array {
  const blank = bytes.every((byte) => byte <= 0x20);
  if (blank) throw new UserError(`${where} is empty`, 'Reading the kernel log may need root: sudo dmesg');
  return bytes;
}

function tooLarge(where: string): UserError {
  return new UserError(`${where} is larger than 64 MiB`, 'Give the log of one boot: journalctl -k -b');
}
