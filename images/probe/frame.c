/*
 * A kernel message can cut a frame in two: the console writes it whenever printk is called. So each frame has a
 * checksum, and is sent again where /dev/kmsg shows that the kernel logged anything while it was being written.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A kernel that logs without end would otherwise keep us here for ever. */
#define RESEND_MAX 8

static char nonce[NONCE_LENGTH + 1];
static unsigned int sequence;
static int kernel_log = -1;

static uint32_t crc32(const char *bytes, size_t length)
{
	uint32_t crc = 0xffffffff;

	while (length--) {
		crc ^= (unsigned char)*bytes++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* Whether the kernel logged anything since the last call. */
static int kernel_spoke(void)
{
	char record[8192];
	int spoke = 0;

	if (kernel_log < 0)
		return 0;
	for (;;) {
		ssize_t got = read(kernel_log, record, sizeof(record));

		if (got < 0 && errno == EAGAIN)
			return spoke;
		/* EPIPE: records were overwritten before we read them, so there were some. */
		if (got < 0 && errno != EPIPE && errno != EINTR)
			return spoke;
		spoke = 1;
	}
}

static void write_all(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t wrote = write(STDOUT_FILENO, bytes, length);

		if (wrote < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return;
		}
		bytes += wrote;
		length -= wrote;
	}
	tcdrain(STDOUT_FILENO);
}

static void send_one(const char *kind, const char *payload)
{
	char checked[PAYLOAD_MAX + 128], line[PAYLOAD_MAX + 160];
	int length;

	snprintf(checked, sizeof(checked), "%s %u %s %s", nonce, sequence, kind, payload);
	length = snprintf(line, sizeof(line), "@tsc %s %u %08x %s %s\n", nonce, sequence,
			  crc32(checked, strlen(checked)), kind, payload);
	for (int copy = 0; copy < RESEND_MAX; copy++) {
		kernel_spoke();
		write_all(line, length);
		if (!kernel_spoke())
			break;
	}
	sequence++;
}

void frames_open(const char *wanted)
{
	snprintf(nonce, sizeof(nonce), "%s", wanted);
	kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kernel_log >= 0)
		lseek(kernel_log, 0, SEEK_END);
}

void frame_escaped(const char *kind, const char *text)
{
	char part[PAYLOAD_MAX + 1];

	for (;;) {
		size_t length = strlen(text), take = PAYLOAD_MAX - 2;

		if (length <= PAYLOAD_MAX && (length < 2 || strcmp(text + length - 2, "\\+") != 0)) {
			send_one(kind, text);
			return;
		}
		/* Not through the middle of an escape, which is four characters long. */
		for (int back = 1; back <= 3; back++)
			if (text[take - back] == '\\') {
				take -= back;
				break;
			}
		snprintf(part, sizeof(part), "%.*s\\+", (int)take, text);
		send_one(kind, part);
		text += take;
	}
}

void frame(const char *kind, const char *text)
{
	char *escaped = malloc(strlen(text) * 4 + 1), *out = escaped;

	if (!escaped)
		return;
	for (; *text; text++) {
		unsigned char byte = *text;

		if (byte < 0x20 || byte > 0x7e || byte == '\\')
			out += sprintf(out, "\\x%02x", byte);
		else
			*out++ = byte;
	}
	*out = 0;
	frame_escaped(kind, escaped);
	free(escaped);
}

void framef(const char *kind, const char *format, ...)
{
	char *text;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) >= 0) {
		frame(kind, text);
		free(text);
	}
	va_end(arguments);
}

unsigned int frames_sent(void)
{
	return sequence;
}
