import { expect, test } from 'vitest';
import { HostFault } from '../../harness/base/errors.ts';
import { BuildError } from '../../harness/kernel/make/errors.ts';
import { errorsOf, firstError, makeFailure } from '../../harness/kernel/make/make-failure.ts';

const NOISE = [
  '  CC      kernel/fork.o',
  'kernel/fork.c:9:1: warning: unused variable',
  '  CC      kernel/exit.o',
];
const TAIL = [
  'make[2]: *** [scripts/Makefile.build:250: a.o] Error 1',
  'make: *** [Makefile:219: __sub-make] Error 2',
];

test('the first real error is shown with what the compiler quotes, not the first line of make', () => {
  const error = [
    'In file included from ./include/linux/a.h:3,',
    '                 from kernel/a.c:1:',
    "kernel/a.c:317:24: error: 'tsc_khz' undeclared (first use in this function)",
    '  317 |         u64 thresh = tsc_khz;',
    '      |                      ^~~~~~~',
  ];
  const lines = [...NOISE, ...error, "kernel/a.c:400:1: error: expected ';'", ...TAIL];
  expect(firstError(lines)).toEqual(error);
  const failure = makeFailure('bzImage', 2, lines, '/log');
  expect(failure).toBeInstanceOf(BuildError);
  expect(failure.message.split('\n')[0]).toBe(`make bzImage failed: ${error[2]}`);
});

test.each([
  ["a.c:(.text+0x3): undefined reference to `g'", 'undefined reference'],
  [
    "make[1]: *** No rule to make target 'kernel/x.o', needed by 'kernel/built-in.a'.  Stop.",
    'No rule to make target',
  ],
  [
    'lib/Kconfig.debug:2449: can\'t open file "Documentation/Kconfig"',
    "lib/Kconfig.debug:2449: can't open file",
  ],
  ["mkdir: cannot create directory 'include/generated': Read-only file system", 'Read-only file system'],
  ['a.c:1:10: fatal error: linux/compiler-gcc12.h: No such file or directory', 'compiler-gcc12.h'],
  ['a.S:7: Error: no such instruction', 'no such instruction'],
])('an error of the linker, the assembler or make: %s', (line, part) => {
  const { message } = makeFailure('bzImage', 2, [...NOISE, line, ...TAIL], '/log');
  expect(message.split('\n')[0]).toContain(part);
});

test('an error of the linker comes with the function that it is in', () => {
  const error = ["ld: kernel/a.o: in function `f':", "a.c:(.text+0x3): undefined reference to `g'"];
  expect(firstError([...NOISE, ...error, ...TAIL])).toEqual(error);
});

test('a program that said nothing is found by where make stopped first', () => {
  const stops = [
    '  GEN     a.h',
    'make[2]: *** [Makefile:3: a.h] Error 9',
    'make[1]: *** [Makefile:7: all] Error 2',
  ];
  const { message } = makeFailure('bzImage', 2, [...NOISE, ...stops], '/log');
  expect(message.split('\n')[0]).toBe('make bzImage failed: make[2]: *** [Makefile:3: a.h] Error 9');
  expect(message).toContain('GEN     a.h');
});

test('a log without an error says so', () => {
  expect(makeFailure('bzImage', 2, NOISE, '/log').message).toContain('ended with 2 and named no error');
});

test.each([
  ['/bin/sh: 1: lz4: not found', 'apt-get install lz4'],
  ['tools/objtool/elf.h:10:10: fatal error: gelf.h: No such file or directory', 'apt-get install libelf-dev'],
  [
    'certs/extract-cert.c:21:10: fatal error: openssl/bio.h: No such file or directory',
    'apt-get install libssl-dev',
  ],
  ['/bin/sh: 1: bc: not found', 'apt-get install bc'],
  ['/bin/sh: pahole: command not found', 'apt-get install dwarves'],
])("what the host lacks is the host's fault: %s", (line, hint) => {
  const failure = makeFailure('bzImage', 2, [...NOISE, line, ...TAIL], '/log');
  expect(failure).toBeInstanceOf(HostFault);
  expect((failure as HostFault).hint).toBe(hint);
});

test('a library that a tree only warns of is not what failed', () => {
  const lines = [
    'Makefile:980: warning: no stack validation, please install libelf-dev',
    'a.c:1:1: error: no',
    ...TAIL,
  ];
  expect(makeFailure('bzImage', 2, lines, '/log')).toBeInstanceOf(BuildError);
});

test('a compiler that ran out of memory is no finding about the kernel', () => {
  const line = 'gcc: fatal error: Killed signal terminated program cc1';
  expect((makeFailure('bzImage', 2, [line], '/log') as HostFault).code).toBe('no-memory');
});

test('escapes of a log do not reach the terminal', () => {
  expect(makeFailure('bzImage', 2, ['a.c:1: error: \u001b]0;x\u0007'], '/log').message).not.toContain(
    '\u001b',
  );
});

test('notes and warnings of the linker are no errors, however many and however early', () => {
  const noise = [
    'ld: warning: arch/x86/a.o: missing .note.GNU-stack section implies executable stack',
    'ld: NOTE: This behaviour is deprecated and will be removed in a future version of the linker',
    '/usr/bin/ld: warning: vmlinux has a LOAD segment with RWX permissions',
    'a.c:3:1: note: previous error: none',
    'x.h:1: warning: the word error: is in this warning',
  ];
  const error = "fault.c:12:1: error: redefinition of 'trace_fault'";
  expect(errorsOf([...noise, ...TAIL])).toEqual([]);
  expect(errorsOf([...noise, error, ...noise, ...TAIL])).toEqual([[error]]);
});

test('independent errors are shown together, one of each file', () => {
  const one = "mm/a.c:1:1: error: 'b' undeclared";
  const more = 'mm/a.c:9:1: error: too few arguments';
  const two = ["fs/b.c: In function 'f':", 'fs/b.c:7:2: error: expected ;', '    7 |  x', '      |  ^'];
  const lines = [...NOISE, one, '  CC      fs/c.o', more, ...two, ...TAIL];
  expect(errorsOf(lines)).toEqual([[one], two]);
  const [title, ...rest] = makeFailure('bzImage', 2, lines, '/log').message.split('\n');
  expect(title).toBe(`make bzImage failed: ${one}, and in 1 more place`);
  expect(rest.join('\n')).toContain(two[1]);
});

test('what make itself says counts only where no tool has said anything', () => {
  const rule = "make[1]: *** No rule to make target 'x.o', needed by 'y'.  Stop.";
  const error = 'a.c:1:1: error: no';
  expect(errorsOf([rule, error])).toEqual([[error]]);
  expect(errorsOf([rule])).toEqual([[rule]]);
});
