/** Options that several commands have. */
import { UserError } from '../../base/errors.ts';
import { flag, list, type Option, parsed, text } from '../command.ts';
import { oldSetting, SYSTEM_QEMU, seconds, wholeNumber } from '../options.ts';

export const JSON_RESULT = flag('print the result as JSON on stdout');
export const QEMU = { ...text('<program>', 'QEMU to use'), value: SYSTEM_QEMU };
export const TIMEOUT = {
  ...parsed('<time>', 'wall time for one guest, such as 90s or 5m', seconds),
  value: 180,
  shown: '180s',
};
export const CELL = {
  ...text('<cell>', 'the guest: SETTING=VALUE,..., or MATRIX.yaml#CELL'),
  notice: oldSetting,
};
export const EXPECT = list('<name=value>', "what is expected of it, in a matrix's words; repeatable");
export const CONFIG = text('<file>', 'a .config to build with (default: the small guest configuration)');

export const TEST = list(
  '<test>',
  'run in the guest once it has settled: a program, a script or a folder with "run" in it, with arguments after blanks, ' +
    'NAME=FILE for another name, or "sh: LINE"; repeatable',
);
export const TEST_TIMEOUT = text('<time>', 'guest time for each --test, such as 500ms or 2m (default: 10s)');

export const DUMP = parsed(
  '<when>',
  'on-failure: keep the memory of a guest that dies or hangs; see "dump"',
  (text, option) => {
    if (text === 'on-failure') return true;
    throw new UserError(`${option} takes on-failure, not "${text}"`);
  },
);

export const filter = (of: string): Option<readonly string[]> => ({
  ...list('<axis=value>', `only these ${of}; repeat to narrow further`),
  notice: oldSetting,
});
export const results = (about = 'folder of the runs'): Option<string> => ({
  ...text('<dir>', about),
  value: 'results',
});
/** How many at once, and the default in words. */
export const jobs = (of: string, byDefault: string): Option<number> =>
  parsed('<n>', `${of} at once (default: ${byDefault})`, wholeNumber(1));
/** Of every command that builds: what it builds runs somebody's code. */
export interface Building {
  readonly confinement: boolean;
}
export const CONFINEMENT: Option<boolean> = {
  about: 'do not confine builds: to build a kernel is to run its code, and what its matrix names',
  off: true,
};
export const GUEST_JOBS = jobs('guests', 'what CPUs and memory allow');
export const COMPILER_JOBS = jobs('compilers', 'one for each CPU');
