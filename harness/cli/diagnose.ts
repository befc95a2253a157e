/** `tscmatrix diagnose`: why is tsc not listed? From the text of a log alone, or from a running guest over SSH. */
import process from 'node:process';
import { UserError } from '../base/errors.ts';
import { oneLine } from '../base/safe-text.ts';
import { NOTHING, type PastedFacts, readText } from '../diagnose/read-text.ts';
import { hasColours } from '../host/colour.ts';
import { type Answered, comparisonOutput, diagnosisOutput, type Output } from '../report/diagnosis-output.ts';
import { compareLogs } from '../verdict/compare-logs.ts';
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
  /** A file for the page. */
  readonly html?: string | undefined;
  readonly markdown?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface DiagnoseOptions extends DiagnoseFlags {
  /** A path (of a log, a folder or an archive), or "-" for standard input. Left out: standard input where it is not a terminal. */
  readonly file?: string | undefined;
  /** Another one, to compare with. */
  readonly other?: string | undefined;
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
  if (options.markdown === true && options.json === true)
    throw new UserError('both --markdown and --json: choose one');
  const colours = hasColours(stdout.isTTY);
  const form = options.json === true ? 'json' : options.markdown === true ? 'markdown' : 'text';
  const write = async ({ text, page }: Output): Promise<number> => {
    if (options.html !== undefined)
      await (await import('../report/html/diagnosis-page.ts')).writeDiagnosisPage(page, options.html);
    stdout.write(text);
    return 0;
  };

  const stated = { available, current: current?.[0] };
  const read = await readInput(options, available !== undefined || current !== undefined);
  const a = answered(options.ssh ?? options.file ?? 'standard input', read, stated);
  if (options.other === undefined) return write(diagnosisOutput(a, diagnose(a.input), form, colours));
  if (available !== undefined || current !== undefined || options.ssh !== undefined)
    throw new UserError(
      'two logs are compared as they are: without --available, --current and --ssh',
      'put the commands and their outputs into the texts',
    );
  const b = answered(options.other, await readNamed(options.other, options), {});
  return write(comparisonOutput([a, b], compareLogs(a.input, b.input), form, colours));
}

/** What an option states wins over what was found in a folder or an archive. */
function answered(
  name: string,
  { facts, pasted, found, available, current }: PastedFacts,
  stated: { readonly available?: string[] | undefined; readonly current?: string | undefined },
): Answered {
  const listed = (text: string | null | undefined) => (text ? text.split(/\s+/) : undefined);
  return {
    name,
    pasted,
    found,
    input: {
      facts,
      lines: pasted.lines,
      available: stated.available ?? listed(available),
      current: stated.current ?? listed(current)?.[0],
    },
  };
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
  if (file !== undefined) return readNamed(file, options);
  if (mayBeMissing) return NOTHING;
  const stdin = options.stdin ?? process.stdin;
  if (stdin.isTTY === true)
    throw new UserError('no log to read', 'Name a file, or pipe one in: dmesg | tscmatrix diagnose -');
  return readNamed('-', options);
}

function readNamed(file: string, { stdin, boot }: DiagnoseOptions): Promise<PastedFacts> {
  return file === '-'
    ? readText(stdin ?? process.stdin, { name: 'standard input', boot: boot ?? null })
    : readText(file, { name: file, boot: boot ?? null });
}

async function readOverSsh(target: string, options: DiagnoseOptions): Promise<Uint8Array> {
  if (options.file !== undefined) throw new UserError(`both --ssh and the file ${options.file}: choose one`);
  const { collectOverSsh } = await import('../diagnose/over-ssh.ts');
  return collectOverSsh(target, {
    identity: options.identity,
    say: (text) => void process.stderr.write(`tscmatrix: ${oneLine(`${target}: ${text}`)}\n`),
  });
}
