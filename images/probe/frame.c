/*
 * A kernel message can cut a frame in two: the console writes it whenever printk is called. So each frame has a
 * checksum, and is sent again where /dev/kmsg shows that the kernel logged anything while it was being written.
 * Frames that are held go out as one group, by one write and one drain: in a nested guest every access to the serial
 * port's registers is an exit, and a drain or a line feed by the terminal costs several.
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
#include <sys/klog.h>
#include <termios.h>
#include <unistd.h>

/* A kernel that logs without end would otherwise keep us here for ever. */
#define RESEND_MAX 8
/* A group goes out once it is this long, held or not: what a cut costs to send again stays small. */
#define GROUP_FULL 2048
#define LINE_LENGTH_MAX (PAYLOAD_MAX + 160)

static char nonce[NONCE_LENGTH + 1];
static unsigned int sequence;
static int kernel_log = -1;
static char group[GROUP_FULL + LINE_LENGTH_MAX];
static size_t group_length;
static int held;

uint32_t crc32_more(uint32_t crc, const char *bytes, size_t length)
{
	/* The CRC of each value of four bits, for the reversed polynomial 0xedb88320. */
	static const uint32_t nibbles[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	crc = ~crc;
	while (length--) {
		crc ^= (unsigned char)*bytes++;
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

/* Whether the kernel logged anything since the last call. */
static int kernel_spoke(void)
{
	char record[8192];
	int spoke = 0;

	if (kernel_log < 0) {
		/* SYSLOG_ACTION_SIZE_UNREAD: nobody reads, so it grows with each message. */
		static int before;
		int unread = klogctl(9, NULL, 0);

		spoke = unread != before;
		before = unread;
		return spoke;
	}
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
	char checked[PAYLOAD_MAX + 128];
	uint32_t crc;

	snprintf(checked, sizeof(checked), "%s %u %s %s", nonce, sequence, kind, payload);
	crc = crc32_more(0, checked, strlen(checked));
	group_length += snprintf(group + group_length, LINE_LENGTH_MAX, "@tsc %s %u %08x %s %s\n", nonce, sequence, crc,
				 kind, payload);
	sequence++;
	if (!held || group_length >= GROUP_FULL)
		frames_flush();
}

void frames_hold(void)
{
	held = 1;
}

/* Returns whether the kernel spoke meanwhile. */
static int write_watched(const char *bytes, size_t length)
{
	kernel_spoke();
	write_all(bytes, length);
	return kernel_spoke();
}

/*
 * While the kernel is talking, short pieces have a better chance to come through whole: each frame goes by itself, and
 * is sent again by itself.
 */
void frames_flush(void)
{
	static int noisy;
	const char *line = group, *end = group + group_length;

	group_length = 0;
	if (line == end || (!noisy && !write_watched(line, end - line)))
		return;
	noisy = 0;
	while (line < end) {
		size_t length = strchr(line, '\n') + 1 - line;

		for (int copy = 0; copy < RESEND_MAX && write_watched(line, length); copy++)
			noisy = 1;
		line += length;
	}
}

/* Line feeds alone, in one piece: with OPOST the terminal hands every line's end to the port on its own. */
static void write_raw(void)
{
	struct termios terminal;

	if (tcgetattr(STDOUT_FILENO, &terminal) == 0 && terminal.c_oflag & OPOST) {
		terminal.c_oflag &= ~OPOST;
		tcsetattr(STDOUT_FILENO, TCSADRAIN, &terminal);
	}
}

void frames_open(const char *wanted)
{
	snprintf(nonce, sizeof(nonce), "%s", wanted);
	kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kernel_log >= 0)
		lseek(kernel_log, 0, SEEK_END);
	write_raw();
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
