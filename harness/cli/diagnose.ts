/** `tscmatrix diagnose`: why is tsc not listed? From the text of a log alone, or from a running guest over SSH. */
import process from 'node:process';
import { UserError } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { NOTHING, type PastedFacts, readText } from '../diagnose/read-text.ts';
import { diagnosisText } from '../report/diagnosis-text.ts';
import { diagnose } from '../verdict/diagnose.ts';

export interface DiagnoseFlags {
  /** The content of available_clocksource. */
  readonly available?: string | undefined;
  readonly current?: string | undefined;
  /** [user@]host[:port] of a running guest; its log is read in place of a file. */
  readonly ssh?: string | undefined;
  /** The private key to log in with. */
  readonly identity?: string | undefined;
  /** Which boot of a text that holds several; the last if it is left out. */
  readonly boot?: number | undefined;
  readonly json?: boolean | undefined;
}

export interface DiagnoseOptions extends DiagnoseFlags {
  /** A path, or "-" for standard input. Left out: standard input where it is not a terminal. */
  readonly file?: string | undefined;
  readonly stdin?: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
  readonly stdout?: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** Exit code 0 whatever the diagnosis; text that cannot be read is a UserError. */
export async function diagnoseCommand(options: DiagnoseOptions): Promise<number> {
  const stdout = options.stdout ?? process.stdout;
  const available = names('--available', options.available);
  const current = names('--current', options.current);
  if (current !== undefined && current.length > 1)
    throw new UserError(`--current takes one clocksource, not "${current.join(' ')}"`);

  const { facts, pasted } = await readInput(options, available !== undefined || current !== undefined);
  const diagnosis = diagnose({ facts, available, current: current?.[0] });
  const { boots, first } = pasted;
  const notes = facts.shape.kind === 'none' && first !== null ? { first } : {};
  const several = boots.count > 1 ? { boots } : {};
  stdout.write(
    options.json === true
      ? `${json({ ...diagnosis, ...several, ...notes })}\n`
      : diagnosisText(diagnosis, { ...several, ...notes }, stdout.isTTY === true && !process.env.NO_COLOR),
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

async function readInput(options: DiagnoseOptions, mayBeMissing: boolean): Promise<PastedFacts> {
  const { file, boot = null } = options;
  if (options.ssh !== undefined) {
    const bytes = await readOverSsh(options.ssh, options);
    return readText([bytes], { name: options.ssh, boot });
  }
  if (options.identity !== undefined) throw new UserError('--identity is for --ssh');
  if (file !== undefined && file !== '-') return readText(file, { name: file, boot });
  const stdin = options.stdin ?? process.stdin;
  if (file === undefined && mayBeMissing) return NOTHING;
  if (file === undefined && stdin.isTTY === true)
    throw new UserError('no log to read', 'Name a file, or pipe one in: dmesg | tscmatrix diagnose -');
  return readText(stdin, { name: 'standard input', boot });
}

async function readOverSsh(target: string, options: DiagnoseOptions): Promise<Uint8Array> {
  if (options.file !== undefined) throw new UserError(`both --ssh and the file ${options.file}: choose one`);
  const { collectOverSsh } = await import('./collect.ts');
  return collectOverSsh(target, {
    identity: options.identity,
    say: (text) => void process.stderr.write(`tscmatrix: ${oneLine(`${target}: ${text}`)}\n`),
  });
}
