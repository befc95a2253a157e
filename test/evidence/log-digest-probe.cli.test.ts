import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { bytes, NONCE, report } from './frame-text.ts';

/** The probe's own C against real records: it is fed with a kmsg of the test's making. */
test('the probe joins and splits records as the console shows them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'digest-'));
  try {
    const images = join(import.meta.dirname, '..', '..', 'images', 'probe');
    await writeFile(join(folder, 'main.c'), HARNESS);
    const program = join(folder, 'digest');
    await promisify(execFile)('gcc', ['-std=gnu17', '-I', images, join(folder, 'main.c'), '-o', program]);
    const { stdout } = await promisify(execFile)(program, { cwd: folder });
    const console = [
      '[    0.000000] one',
      '[    0.000001] two lines',
      '[    0.000001] of one record',
      '[   12.000003] begins, goes on, ends',
      '[   12.000004] a\\b\tc',
      ...Array.from({ length: 15 }, (_, i) => `[   13.0000${10 + i}] filler`),
    ];
    const text = [...console, ...report([['logsum', stdout.trim()]])];
    expect(gatherEvidence(bytes(text, '\r\n'), NONCE).logCheck).toMatchObject({ whole: true, blocks: 2 });
    // Without /dev/kmsg: syslog(2), each line with its level.
    const syslog = await promisify(execFile)(program, ['syslog'], { cwd: folder });
    expect(syslog.stdout.trim().split('\n')).toEqual(['[    0.000000] one', '<a>', 'no time']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

const HARNESS = String.raw`
#define main_fd 0
static int records_read;
static const char *const records[] = {
	"6,0,0,-;one\n SUBSYSTEM=x\n", "6,1,1,-;two lines\\x0aof one record\n", "6,2,12000003,c;begins,\n",
	"6,3,12000003,+; goes on,\n", "6,4,12000003,+; ends\n", "6,5,12000004,-,caller=T1;a\\x5cb\\x09c\n",
};
#include <unistd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
static ssize_t fed(int fd, void *bytes, size_t size)
{
	int n = records_read++;
	(void)fd;
	if (n < 6)
		return snprintf(bytes, size, "%s", records[n]);
	if (n < 21)
		return snprintf(bytes, size, "6,%d,130000%02d,-;filler\n", n, n + 4);
	return 0;
}
#define read fed
#include "kernel-log.c"
#undef read
uint32_t crc32_more(uint32_t crc, const char *bytes, size_t length)
{
	crc = ~crc;
	while (length--) {
		crc ^= (unsigned char)*bytes++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}
void report_unread(const char *file) { puts(file); }
char *syslog_text(void) { return strdup("<6>[    0.000000] one\n<12><a>\n\nno time\n"); }
void frame(const char *kind, const char *text) { (void)kind; puts(text); }
void framef(const char *kind, const char *format, ...) { (void)kind; (void)format; }
void frame_escaped(const char *kind, const char *text) { (void)kind; (void)text; }
void read_line(const char *path, char *text, size_t size) { (void)path; snprintf(text, size, "Y"); }
const char *boot_option(const char *name, char *value, size_t size, const char *fallback)
{
	(void)name; (void)fallback;
	snprintf(value, size, "digest");
	return value;
}
int main(int argc, char **argv)
{
	(void)argv;
	left = LONG_MAX;
	if (argc > 1)
		send_syslog();
	else
		send_digest(0);
	return 0;
}
`;
