// Tests of the user's own in real guests, emulated and nested: what passes passes twice with the same bytes, and what does not is told apart.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestResult } from '../../harness/verdict/types.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS, nestedParts } from '../support/nested-boots.ts';

const PROGRAM = `
#include <stdio.h>
#include <string.h>
#include <time.h>
int main(int count, char **words)
{
	struct timespec t;

	if (count > 1 && !strcmp(words[1], "crash"))
		*(volatile int *)0 = 1;
	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("TAP version 13\\n1..1\\nok 1 clock\\nread_ns=41.5\\n");
	return 0;
}
`;
const SCRIPT = `#!/bin/sh
echo "KTAP version 1"
echo "1..2"
echo "ok 1 $(grep -cw tsc /sys/devices/system/clocksource/clocksource0/available_clocksource) listed"
echo "ok 2 other # SKIP not here"
echo to the other channel >&2
(setsid sleep 1000 &)
`;
/** What looks like results in the kernel's log, and like the end of a report in the output. */
const FAKE = `#!/bin/sh
printf 'KTAP version 1\\n1..1\\nok 1 fake\\n' > /dev/kmsg
nonce=$(sed 's/.*tscprobe.nonce=\\([0-9a-f]*\\).*/\\1/' /proc/cmdline)
echo "@tsc $nonce 1 00000000 end frames=1 state=registered"
echo "testend n=0 how=exit code=0"
exit 3
`;

let shop: Workshop;
let kernel: string;

beforeAll(async () => {
  kernel = (await nestedParts()).stock.path;
  shop = await openWorkshop();
  await mkdir(join(shop.folder, 't'));
  await shop.file('t/program.c', PROGRAM);
  const at = { cwd: join(shop.folder, 't') };
  await promisify(execFile)('gcc', ['-static', '-O', '-o', 'program', 'program.c'], at);
  await promisify(execFile)('gcc', ['-O', '-o', 'dynamic', 'program.c'], at);
  await shop.file('t/script.sh', SCRIPT);
  await shop.file('t/fake.sh', FAKE);
  await shop.file('t/loop.sh', '#!/bin/sh\nwhile :; do :; done\n');
  await shop.file(
    't/flood.sh',
    '#!/bin/sh\nwhile :; do echo 0123456789012345678901234567890123456789; done\n',
  );
}, BUILD_MS);
afterAll(() => shop.remove());

const matrix = (): string => `
version: 1
name: own
kernels:
  stock: { image: ${kernel} }
defaults: { hpet: off, memory: 256M }
axes:
  topology: [tcg, nested]
tests:
  - t/program
  - t/script.sh
  - { name: crash, file: t/program, args: [crash] }
  - { file: t/loop.sh, timeout: 300ms }
  - t/fake.sh
  - { file: t/dynamic, when: { topology: tcg } }
  - { file: t/flood.sh, when: { topology: tcg } }
expect:
  - tests: { crash: crash, loop: timeout, fake: fail, "script.*": [pass, skip] }
    numbers: { read_ns: { max: 42 } }
  - { when: { topology: tcg }, tests: { flood: flood } }
`;

test(
  'in emulated and nested guests, each twice with the same bytes; each ends in its own way',
  async () => {
    await shop.file('own.yaml', matrix());
    const ran = await shop.run(['run', 'own.yaml', '--repeat', '2', '--jobs', '2', '--results', 'own']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/of 7 tests passed|of 5 tests passed/);
    const [folder = 'none'] = (await readdir(join(shop.folder, 'own'))).filter((name) => name !== 'latest');
    const dir = join(shop.folder, 'own', folder);
    const events = (await readFile(join(dir, 'events.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const finished = events.filter(({ type }) => type === 'cell-finished');
    expect(finished).toHaveLength(4);
    for (const topology of ['tcg', 'nested']) {
      const boots = finished.filter(({ cell }) => cell.includes(`.${topology}.`));
      expect(new Set(boots.map(({ transcriptSha256 }) => transcriptSha256)).size, topology).toBe(1);
      const tests: TestResult[] = boots[0].observation.tests;
      const states = Object.fromEntries(tests.map(({ name, state }) => [name, state]));
      expect(states).toEqual({
        program: 'pass',
        script: 'pass',
        crash: 'crash',
        loop: 'timeout',
        fake: 'fail',
        ...(topology === 'tcg' ? { dynamic: 'pass', flood: 'flood' } : {}),
      });
      const of = (name: string) => tests.find((one) => one.name === name);
      expect(of('program')?.numbers).toMatchObject([{ name: 'read_ns', value: 41.5 }]);
      expect(of('script')?.parts.map(({ state }) => state)).toEqual(['pass', 'skip']);
      // Neither the kernel's log nor its own output is anybody's result.
      expect(of('fake')).toMatchObject({ reason: 'exit code 3', parts: [] });
      const console = await readFile(join(dir, boots[0].folder, 'console.log'), 'latin1');
      expect(console).toContain('ok 1 fake');
      const out = await readFile(join(dir, boots[0].folder, 'test-5-fake.out'), 'utf8');
      expect(out).toMatch(/^@tsc [0-9a-f]{8} 1 00000000 end frames=1/);
      expect(await readFile(join(dir, boots[0].folder, 'test-2-script.err'), 'utf8')).toBe(
        'to the other channel\n',
      );
      const [program] = of('program')?.numbers ?? [];
      expect(console.split('\n')[(program?.line ?? 0) - 1]).toContain('read_ns=41.5');
    }
    const started = events.find(({ type }) => type === 'cell-started');
    expect(started.tests[0]).toMatchObject({
      name: 'program',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  },
  15 * 60_000,
);

/** Knows the nonce, makes right checksums for the next numbers, and writes to the serial port itself. */
const FORGER = `
#include <stdio.h>
#include <string.h>
static unsigned int crc32(const char *s)
{
	unsigned int crc = ~0u;

	for (; *s; s++) {
		crc ^= (unsigned char)*s;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}
int main(void)
{
	char line[8192], nonce[9] = "", text[256];
	FILE *file = fopen("/proc/cmdline", "r");

	if (!file || !fgets(line, sizeof(line), file))
		return 1;
	sscanf(strstr(line, "tscprobe.nonce="), "tscprobe.nonce=%8s", nonce);
	file = fopen("/dev/ttyS0", "w");
	for (unsigned int seq = 20; file && seq < 600; seq++) {
		snprintf(text, sizeof(text), "%s %u end frames=%u state=registered", nonce, seq, seq + 1);
		fprintf(file, "@tsc %s %u %08x end frames=%u state=registered\\n", nonce, seq, crc32(text), seq + 1);
	}
	return 0;
}
`;

test(
  'a test that forges the end of a report on the serial port is found out; probe asks a test alone',
  async () => {
    await shop.file('t/forger.c', FORGER);
    const at = { cwd: join(shop.folder, 't') };
    await promisify(execFile)('gcc', ['-static', '-O', '-o', 'forger', 'forger.c'], at);
    const forged = await shop.run(['boot', kernel, '--hpet', 'off', '--test', 't/forger', '--json']);
    expect(forged.code, forged.stderr).toBe(1);
    expect(JSON.parse(forged.stdout).observation).toMatchObject({
      verdict: 'no-evidence',
      tests: [{ name: 'forger', state: 'not-run' }],
    });
    // Without a PM timer and HPET tsc is not refined; that was not asked.
    const probe = (...words: string[]) =>
      shop.run(['probe', kernel, '--cell', 'hpet=off,pmtimer=off', ...words]);
    const passed = await probe('--test', 't/script.sh');
    expect(passed.code, passed.stderr).toBe(0);
    const failed = await probe('--test', 'sh: echo broken; exit 1');
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stdout).toMatch(/test command-1: fail instead of pass: exit code 1 \(line \d+: broken\)/);
  },
  10 * 60_000,
);

/** Sleeps until a point of time end 1 ms before it. */
const SHORT_SLEEPS = `hrtimer: wake up too early
--- a/kernel/time/hrtimer.c
+++ b/kernel/time/hrtimer.c
@@ -2136,5 +2136,7 @@
 	int ret = 0;
 
+	if (mode == HRTIMER_MODE_ABS)
+		rqtp -= NSEC_PER_MSEC;
 	hrtimer_init_sleeper_on_stack(&t, clockid, mode);
 	hrtimer_set_expires_range_ns(&t.timer, rqtp, current->timer_slack_ns);
 	ret = do_nanosleep(&t, mode);
`;

test(
  'a kernel whose sleeps end early fails the test of sleeps, and no other',
  async () => {
    await shop.file('short-sleeps.patch', SHORT_SLEEPS);
    const timers = await readFile(join(import.meta.dirname, '..', '..', 'matrices', 'timers.yaml'), 'utf8');
    const kernel =
      '{ source: { debian: linux-source-6.1, suite: bookworm }, config: { base: guest }, patches: [short-sleeps.patch] }';
    await shop.file(
      'short.yaml',
      `${timers.replace(/^kernels:$/m, `$&\n  short-sleeps: ${kernel}`)}  - tests: { "*": pass, nanosleep: fail, "nanosleep.*": [fail, skip] }\n`,
    );
    const which = ['--filter', 'kernel=short-sleeps', '--filter', 'guest=counted'];
    const ran = await shop.run(['run', 'short.yaml', ...which, '--results', 'short']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toContain('4 of 5 tests passed');
  },
  BUILD_MS,
);

test(
  "five of the kernel's own timer tests, built from its tree, on its kernel",
  async () => {
    const ran = await shop.run(['run', 'builtin:timers', '--filter', 'guest=counted', '--results', 'timers']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toContain('5 tests passed');
  },
  BUILD_MS,
);
