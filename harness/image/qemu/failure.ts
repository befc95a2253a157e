/** A configure or ninja that failed, as an error of the host: the first line that says why, and where the log is. */
import { HostFault } from '../../base/errors.ts';
import { printable } from '../../kernel/make/errors.ts';
import { firstError } from '../../kernel/make/make-failure.ts';
import { noSpace } from '../../kernel/tree/untar.ts';

const TAIL = 12;
const LINE_LENGTH = 300;

export function buildFailure(
  program: string,
  exitCode: number,
  lines: readonly string[],
  logPath: string,
): HostFault {
  const text = lines.join('\n');
  if (/No space left on device|Disk quota exceeded/.test(text))
    return noSpace(`to build QEMU; the log is ${logPath}`);
  if (/internal compiler error: Killed|Killed signal terminated program/.test(text)) {
    const message = `the compiler was killed: not enough memory; the log is ${logPath}`;
    return new HostFault('no-memory', message, 'use --jobs 1');
  }
  const first = firstError(lines);
  const shown = first.length > 0 ? first : lines.slice(-TAIL);
  const name = program.slice(program.lastIndexOf('/') + 1);
  return new HostFault(
    'emulator-build',
    [
      `the pinned QEMU could not be built: ${name} ended with ${exitCode}`,
      ...shown.map((line) => `  ${printable(line.slice(0, LINE_LENGTH))}`),
      `all of it: ${logPath}`,
    ].join('\n'),
    'the QEMU of this system can be used instead: emulator: system',
  );
}
