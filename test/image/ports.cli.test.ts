/** The probe's guard of accesses that a CPU may refuse: a signal becomes an answer, and the program goes on. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('a refused access is named, again and again, and a fault outside of it still ends the program', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ports-'));
  try {
    const probe = join(import.meta.dirname, '..', '..', 'images', 'probe');
    await writeFile(join(folder, 'main.c'), MAIN);
    const program = join(folder, 'ports');
    await run('gcc', [
      '-std=gnu17',
      '-O2',
      '-I',
      probe,
      join(folder, 'main.c'),
      join(probe, 'ports.c'),
      '-o',
      program,
    ]);
    expect((await run(program)).stdout.split('\n')).toEqual(['SIGSEGV', 'SIGSEGV', 'SIGBUS', 'done 7', '']);
    await expect(run(program, ['unguarded'])).rejects.toMatchObject({ signal: 'SIGSEGV' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

const MAIN = `
#include <signal.h>
#include <stdio.h>
#include <sys/io.h>
#include "ports.h"
static volatile int done;
/* No port is allowed to us: the CPU refuses. */
static void refused(void *argument) { (void)argument; inl(0x608); done = 1; }
static void bus(void *argument) { (void)argument; raise(SIGBUS); }
static void fine(void *argument) { done = *(int *)argument; }
int main(int count, char **arguments)
{
	int seven = 7;
	const char *fault;
	(void)arguments;
	puts(try_access(refused, NULL));
	puts(try_access(refused, NULL));
	puts(try_access(bus, NULL));
	fault = try_access(fine, &seven);
	printf("%s %d\\n", fault ? fault : "done", done);
	fflush(stdout);
	if (count > 1)
		refused(NULL);
	return 0;
}
`;
