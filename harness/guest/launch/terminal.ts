/** A launch whose guest has our terminal in place of a console that is read. Pure. */
import type { Launch } from '../types.ts';

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** A socket for a debugger, relative to the folder that QEMU runs in; the guest waits for it. Not of nested guests. */
  readonly gdbSocket?: string;
}

/** Ctrl-A X ends QEMU; Ctrl-C is the guest's: QEMU's char device in raw mode. */
const STDIO = 'stdio,id=guest,mux=on,signal=off';
/** A time that nobody works for, ms. */
const NO_LIMIT = 30 * 24 * 3_600_000;

/**
 * Of a nested guest the second serial port of the appliance is our terminal, and the serial port of the guest is that: its QEMU opens it
 * as a terminal of the appliance. There the program that follows the guest sees no console, and must not take that for a silence.
 */
export function onTerminal(launch: Launch, { columns, rows, gdbSocket }: TerminalOptions): Launch {
  const isNested = launch.nested !== undefined;
  const nonce = `tscprobe.nonce=${launch.nonce}`;
  const words = `tscshell.size=${columns}x${rows}${gdbSocket === undefined || launch.commandLine.includes('nokaslr') ? '' : ' nokaslr'}`;
  const own = (text: string): string => text.replace(nonce, words);
  const argv = launch.argv.flatMap((word, at): string[] => {
    const before = launch.argv[at - 1];
    if (!isNested) return before === '-serial' && word === 'stdio' ? ['chardev:guest'] : [own(word)];
    if (before === '-chardev' && word.startsWith('stdio,id=guest'))
      return [STDIO, '-serial', 'chardev:guest', '-chardev', 'null,id=unused'];
    return [
      own(word)
        .replace('chardev=guest', 'chardev=unused')
        .replace('file:/run/console', '/dev/ttyS1')
        .replace(/(tscl1\.(?:limit|silence)_ms)=\d+/g, `$1=${NO_LIMIT}`),
    ];
  });
  return {
    ...launch,
    commandLine: own(launch.commandLine),
    argv: [
      ...(isNested ? [] : ['-chardev', STDIO]),
      ...argv,
      ...(gdbSocket === undefined ? [] : ['-S', '-gdb', `unix:${gdbSocket},server=on,wait=off`]),
    ],
  };
}
