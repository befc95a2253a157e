/** Tests as a command line names them: --test FILE, FOLDER, or NAME=FILE; "sh: LINE" for the guest's shell. */
import { basename, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { firstRepeated } from '../base/repeated.ts';
import { nameFrom, TESTS_MAX, testNameFault, timeoutMs } from '../matrix/test-rows.ts';
import type { TestSpec } from '../matrix/types.ts';

const DEFAULT_TIMEOUT = '10s';

/** Arguments follow the path after blanks; `timeout` is guest time for each. Throws UserError. */
export function testWords(words: readonly string[], timeout = DEFAULT_TIMEOUT): TestSpec[] {
  const ms = timeoutMs(timeout);
  if (ms === undefined)
    throw new UserError(`--test-timeout ${timeout}: not a time`, 'write 500ms, 10s or 2m, of at most 10m');
  if (words.length > TESTS_MAX)
    throw new UserError(`--test: ${words.length} tests; ${TESTS_MAX} are the most`);
  const specs = words.map((word, index) => oneTest(word, index + 1, ms));
  const twice = firstRepeated(specs);
  if (twice !== undefined)
    throw new UserError(`--test: two tests are called ${twice.name}`, 'name one: --test OTHER=FILE');
  return specs;
}

function oneTest(word: string, number: number, timeout: number): TestSpec {
  const [, given, rest = word] = /^([A-Za-z0-9][\w+-]*)=(.*)$/s.exec(word) ?? [];
  const fault = given === undefined ? undefined : testNameFault(given);
  if (fault !== undefined) throw new UserError(`--test ${word}: ${given} ${fault}`);
  const command = /^sh:\s*(.+)$/s.exec(rest)?.[1];
  if (command !== undefined)
    return { name: given ?? `command-${number}`, command, args: [], timeoutMs: timeout };
  const [path = '', ...args] = rest.split(/\s+/).filter((part) => part !== '');
  if (path === '')
    throw new UserError(`--test ${JSON.stringify(word)} names no file`, 'for example --test ./check.sh');
  return { name: given ?? nameFrom(basename(path)), path: resolve(path), args, timeoutMs: timeout };
}
