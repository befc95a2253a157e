/*
 * With ignore_loglevel the serial console has shown every record of the kernel's log once, as it came. Sending the log
 * again in frames costs a nested guest two exits a byte, half of its run. So with tscprobe.log=digest only checksums of
 * its lines are sent, in blocks, and the reader checks the console's own lines against them.
 */
#define _GNU_SOURCE
#include "kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "frame.h"
#include "system.h"

#define PRINTK "/sys/module/printk/parameters/"
/* Lines under one checksum: a fault is located to so many. */
#define BLOCK_LINES 16
#define BLOCKS_MAX 4096
/* How /dev/kmsg writes a line feed within a record; a backslash of the text is "\x5c" there. */
#define LINE_FEED "\\x0a"
/* SYSLOG_ACTION_SIZE_BUFFER, which <sys/klog.h> does not name */
#define SIZE_OF_BUFFER 10
#define LOG "/dev/kmsg"

struct record {
	unsigned long long number, usec;
	/* '+': goes on with the line of the record before (Documentation/ABI/testing/dev-kmsg; up to 4.9). */
	char flag;
	char *text;
};

struct digest {
	unsigned long long first;
	unsigned int records, lines, blocks;
	uint32_t crc;
	int open, lost;
	char sums[BLOCKS_MAX * 9 + 1];
};

/* Bytes of text that are still read. */
static long left;

/*
 * Records are "prefix,sequence,usec,flags;text\n KEY=value\n", text escaped as in our frames. 0 at the log's end, or
 * after as much text as the kernel's buffer holds: a kernel that logs all the time would have us read for ever.
 */
static int next_record(int fd, struct record *record, int *lost)
{
	static char bytes[16384];

	while (left > 0) {
		ssize_t got = read(fd, bytes, sizeof(bytes) - 1);

		if (got < 0 && (errno == EPIPE || errno == EINTR)) {
			*lost |= errno == EPIPE;
			continue;
		}
		if (got <= 0)
			return 0;
		bytes[got] = 0;
		record->text = strchr(bytes, ';');
		if (!record->text || sscanf(bytes, "%*u,%llu,%llu,%c", &record->number, &record->usec, &record->flag) != 3)
			continue;
		record->text++;
		record->text[strcspn(record->text, "\n")] = 0;
		left -= strlen(record->text) + 1;
		return 1;
	}
	return 0;
}

static void send_records(int fd)
{
	struct record record;
	int lost = 0;
	char *line;

	while (next_record(fd, &record, &lost)) {
		if (asprintf(&line, "[%5llu.%06llu] %s", record.usec / 1000000, record.usec % 1000000, record.text) < 0)
			return;
		frame_escaped("dmesg", line);
		free(line);
	}
}

static void close_block(struct digest *digest)
{
	if (digest->blocks < BLOCKS_MAX)
		sprintf(digest->sums + digest->blocks * 9, "%08x,", digest->crc);
	digest->blocks++;
	digest->crc = 0;
}

static void close_line(struct digest *digest)
{
	if (!digest->open)
		return;
	digest->open = 0;
	digest->crc = crc32_more(digest->crc, "\n", 1);
	if (++digest->lines % BLOCK_LINES == 0)
		close_block(digest);
}

/* The console writes the time before each line of a record: record_print_text() in kernel/printk/printk.c. */
static void add_line(struct digest *digest, const struct record *record, const char *text, size_t length, int joined)
{
	char time[32];

	if (!joined || !digest->open) {
		close_line(digest);
		snprintf(time, sizeof(time), "[%5llu.%06llu] ", record->usec / 1000000, record->usec % 1000000);
		digest->crc = crc32_more(digest->crc, time, strlen(time));
		digest->open = 1;
	}
	digest->crc = crc32_more(digest->crc, text, length);
}

static void send_digest(int fd)
{
	static struct digest digest;
	struct record record;
	char *payload;

	while (next_record(fd, &record, &digest.lost)) {
		const char *text = record.text, *end;

		if (digest.records++ == 0)
			digest.first = record.number;
		for (int nth = 0; (end = strstr(text, LINE_FEED)); nth++) {
			add_line(&digest, &record, text, end - text, nth == 0 && record.flag == '+');
			text = end + strlen(LINE_FEED);
		}
		add_line(&digest, &record, text, strlen(text), text == record.text && record.flag == '+');
	}
	close_line(&digest);
	if (digest.lines % BLOCK_LINES)
		close_block(&digest);
	digest.sums[strlen(digest.sums) - (digest.blocks > 0)] = 0;
	if (asprintf(&payload, "first=%llu records=%u lines=%u block=%d lost=%d crc=%s", digest.first, digest.records,
		     digest.lines, BLOCK_LINES, digest.lost || digest.blocks > BLOCKS_MAX, digest.sums) < 0)
		return;
	frame("logsum", payload);
	free(payload);
}

/* Lines as "<6>[    0.000000] text", without a time where printk.time is off. */
static void send_syslog(void)
{
	char *text = syslog_text(), *rest = text, *line;

	if (!text)
		report_unread(LOG);
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '<' && line[strspn(line + 1, "0123456789") + 1] == '>')
			line = strchr(line, '>') + 1;
		if (*line)
			frame("dmesg", line);
	}
	free(text);
}

static int is_on(const char *parameter)
{
	char value[8];

	read_line(parameter, value, sizeof(value));
	return value[0] == 'Y' || value[0] == '1';
}

void report_kernel_log(void)
{
	int fd = open(LOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char wanted[16];

	if (fd < 0) {
		send_syslog();
		return;
	}
	left = klogctl(SIZE_OF_BUFFER, NULL, 0);
	if (left <= 0)
		left = LONG_MAX;
	boot_option("tscprobe.log", wanted, sizeof(wanted), "frames");
	/* A console that leaves out records, or their times, cannot stand for the log. */
	if (!strcmp(wanted, "digest") && is_on(PRINTK "time") && is_on(PRINTK "ignore_loglevel"))
		send_digest(fd);
	else
		send_records(fd);
	close(fd);
}
