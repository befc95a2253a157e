/** What diagnose reads from a running guest over SSH. Every command only reads; docs/commands.md lists them. */
import { HostFault } from '../base/errors.ts';
import { neutralise } from '../base/neutralise.ts';
import { openSsh, type RemoteResult, type SshOptions, type SshSession } from '../host/ssh.ts';
import { parseSshTarget } from '../host/ssh-target.ts';

const CLOCKSOURCE = '/sys/devices/system/clocksource/clocksource0';

/** In the order in which they are run; the second and third of the log's only if the first did not give all. */
export const COMMANDS = {
  log: ['dmesg', 'journalctl -k -b --no-pager -o short-monotonic', 'sudo -n dmesg'],
  available: `cat ${CLOCKSOURCE}/available_clocksource`,
  current: `cat ${CLOCKSOURCE}/current_clocksource`,
  commandLine: 'cat /proc/cmdline',
  kernel: 'uname -a',
  cpu: 'cat /proc/cpuinfo',
} as const;

const LIMITS = { timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024 };
/** The kernel's first message, with whatever stamp stands before it. */
const FIRST_MESSAGE = /(?:^|[\]:>] ?)Linux version \d/m;

interface CollectOptions extends SshOptions {
  /** Told what could not be had, and from where the log came. */
  readonly say: (text: string) => void;
}

interface Log {
  readonly command: string;
  readonly text: string;
}

/** The end of what a command said of its failure, safe to show. */
function complaint({ exitCode, stderr }: RemoteResult): string {
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return last === '' ? `exit code ${exitCode}` : neutralise(last);
}

/** journalctl says "-- No entries --" and the like between such marks. */
function hasContent(text: string): boolean {
  return text.split('\n').some((line) => line.trim() !== '' && !line.startsWith('-- '));
}

/** The first log that begins at boot; else the longest that there was. */
async function readLog(session: SshSession, say: (text: string) => void): Promise<Log | null> {
  let best: Log | null = null;
  for (const command of COMMANDS.log) {
    const result = await session.run(command, LIMITS);
    const text = result.stdout.toString('utf8');
    if (result.exitCode !== 0 || !hasContent(text)) {
      say(`"${command}" gave no log there: ${complaint(result)}`);
      continue;
    }
    const whole = FIRST_MESSAGE.test(text);
    if (whole || best === null || text.length > best.text.length) best = { command, text };
    if (whole) break;
    say(`the log of "${command}" does not go back to the boot`);
  }
  if (best !== null && best.command !== COMMANDS.log[0]) say(`the log is that of "${best.command}"`);
  return best;
}

async function readValue(session: SshSession, command: string, say: (text: string) => void): Promise<string> {
  const result = await session.run(command, LIMITS);
  if (result.exitCode === 0) return result.stdout.toString('utf8').trim();
  say(`"${command}" failed there: ${complaint(result)}`);
  return '';
}

function section(command: string, output: string): string {
  return output === '' ? '' : `$ ${command}\n${output.replace(/\n*$/, '\n')}`;
}

/** Gives one text, as a person would paste it: each command and its output. The log comes first. */
export async function collectOverSsh(target: string, options: CollectOptions): Promise<Uint8Array> {
  const session = await openSsh(parseSshTarget(target), options);
  try {
    const log = await readLog(session, options.say);
    const value = (command: string): Promise<string> => readValue(session, command, options.say);
    const available = await value(COMMANDS.available);
    const current = await value(COMMANDS.current);
    const commandLine = await value(COMMANDS.commandLine);
    const kernel = await value(COMMANDS.kernel);
    // The flags of the first CPU; the rest of the file is of no use.
    const cpu = /^flags\s*:.*$/m.exec(await value(COMMANDS.cpu))?.[0] ?? '';
    if (log === null && available === '') {
      throw new HostFault(
        'ssh-no-log',
        `${target} gave neither its kernel log nor its clocksources`,
        'log in as a user who may read the log (root, or group adm), or give the log as a file',
      );
    }
    // A log that begins at boot has the command line; if it does not, the kernel's own words for it are put before it.
    const prefix = /Command line: /.test(log?.text ?? '') || commandLine === '' ? '' : 'Command line: ';
    const text = [
      section(log?.command ?? '', log?.text ?? ''),
      section(COMMANDS.available, available),
      section(COMMANDS.current, current),
      section(COMMANDS.commandLine, `${prefix}${commandLine}`),
      section(COMMANDS.kernel, kernel),
      section(COMMANDS.cpu, cpu),
    ].join('');
    return Buffer.from(text);
  } finally {
    session.close();
  }
}
