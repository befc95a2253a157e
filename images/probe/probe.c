/*
 * Watches the guest's clocksources until it is settled whether tsc is registered and stays, then reports all that a
 * verdict rests on, and resets the machine. The last program of /init. See docs/probe-protocol.md.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "frame.h"
#include "kernel-log.h"
#include "ports.h"
#include "refs.h"
#include "system.h"
#ifdef TRACED
#include "../trace/trace.h"
#endif
#ifdef WITH_TESTS
#include "../tests/tests.h"
#endif

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"
#define NS_PER_MS 1000000ull
#define BEAT_NS (1000 * NS_PER_MS)
/* Commands of the 8042 keyboard controller: pulse the CPU's reset line. */
#define KEYBOARD_PORT 0x64
#define KEYBOARD_RESET 0xfe

/* The turns of the probe's work that exit counts tell apart. */
enum { MARK_BEGIN, MARK_SETTLED, MARK_MEASURED };

struct sources {
	char current[64];
	char available[512];
};

static uint64_t option_ns(const char *name, const char *fallback_ms)
{
	char value[32];

	return strtoull(boot_option(name, value, sizeof(value), fallback_ms), NULL, 10) * NS_PER_MS;
}

/* "tsc hpet acpi_pm " becomes "tsc,hpet,acpi_pm". */
static void read_sources(struct sources *now)
{
	size_t length;

	read_line(CLOCKSOURCE "current_clocksource", now->current, sizeof(now->current));
	read_line(CLOCKSOURCE "available_clocksource", now->available, sizeof(now->available));
	for (length = strlen(now->available); length > 0 && now->available[length - 1] == ' '; length--)
		now->available[length - 1] = 0;
	for (char *c = now->available; *c; c++)
		if (*c == ' ')
			*c = ',';
}

/* Whether tsc itself is listed; tsc-early is another clocksource. */
static int lists_tsc(const struct sources *now)
{
	char list[sizeof(now->available)], *rest = list, *name;

	snprintf(list, sizeof(list), "%s", now->available);
	while ((name = strsep(&rest, ",")))
		if (!strcmp(name, "tsc"))
			return 1;
	return 0;
}

/* Polls until the state is settled and returns it: registered, removed, never, or unknown where there is no list. */
static const char *watch(uint64_t deadline_ns, uint64_t settle_ns, uint64_t poll_ns)
{
	struct sources seen = { "", "" }, now;
	struct timespec pause = { poll_ns / 1000000000ull, poll_ns % 1000000000ull };
	uint64_t start = read_clock().ns, beat = start, listed_since = 0, gone_since = 0;
	int lists = access(CLOCKSOURCE "available_clocksource", R_OK) == 0;

	if (!lists)
		report_unread(CLOCKSOURCE "available_clocksource");
	for (;;) {
		struct reading at = read_clock();
		uint64_t t = at.ns;

		read_sources(&now);
		clock_polled(at, now.current);
		if (strcmp(now.current, seen.current) || strcmp(now.available, seen.available)) {
			framef("poll", "t_ns=%llu tsc=%llu current=%s available=%s", (unsigned long long)t,
			       (unsigned long long)at.tsc, now.current, now.available);
			seen = now;
		}
		if (t - beat >= BEAT_NS) {
			framef("beat", "t_ns=%llu", (unsigned long long)t);
			beat = t;
		}
		if (lists_tsc(&now)) {
			gone_since = 0;
			if (!listed_since)
				listed_since = t;
			if (t - listed_since >= settle_ns)
				return "registered";
		} else if (listed_since) {
			if (!gone_since)
				gone_since = t;
			if (t - gone_since >= settle_ns)
				return "removed";
		} else if (t - start >= deadline_ns) {
			return lists ? "never" : "unknown";
		}
		/* One that comes and goes must not keep us for ever. */
		if (t - start >= 4 * deadline_ns)
			return "removed";
		frames_flush();
		nanosleep(&pause, NULL);
	}
}

/* Ends the machine without a word from the kernel, so that a transcript ends with our last frame. */
static void reset_machine(void)
{
	struct timespec second = { 1, 0 };

	write_port(KEYBOARD_PORT, KEYBOARD_RESET);
	nanosleep(&second, NULL);
	reboot(RB_AUTOBOOT);
}

int main(void)
{
	char nonce[NONCE_LENGTH + 1], clock[16];
	struct reading at;
	struct sources now;
	const char *state;

	make_devices();
	mark(MARK_BEGIN);
	frames_open(boot_option("tscprobe.nonce", nonce, sizeof(nonce), "00000000"));
	frames_hold();
	at = read_clock();
	framef("begin", "protocol=1 uptime_ns=%llu tsc=%llu", (unsigned long long)at.ns, (unsigned long long)at.tsc);
	report_command_line();
	report_uname();
	state = watch(option_ns("tscprobe.deadline_ms", "8000"), option_ns("tscprobe.settle_ms", "2000"),
		      option_ns("tscprobe.poll_ms", "50"));
	framef("settled", "state=%s t_ns=%llu", state, (unsigned long long)read_clock().ns);
	report_cpu();
	/* Before the reads: a guest that they hang has said how it settled. */
	frames_flush();
	mark(MARK_SETTLED);
	report_references();
	mark(MARK_MEASURED);
	report_config();
	report_kernel_log();
	/* Last: what the kernel says of a switch by hand is not part of the log that a verdict rests on. */
	if (strcmp(boot_option("tscprobe.clock", clock, sizeof(clock), "measure"), "none")) {
		frames_flush();
		read_sources(&now);
		if (*now.current)
			report_clock(now.current, now.available);
	}
#ifdef TRACED
	report_trace();
#endif
#ifdef WITH_TESTS
	run_tests();
	framef("end", "frames=%u state=%s key=%s", frames_sent() + 1, state, tests_key());
#else
	framef("end", "frames=%u state=%s", frames_sent() + 1, state);
#endif
	frames_flush();
	reset_machine();
	return 0;
}
