/* The clock that the guest's programs get: what a reading costs, whether it goes back, how fast it runs, whether it jumps. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* CLOCK_BOOTTIME between two reads of the TSC: the clock was read at tsc, give or take half the width, in cycles. */
struct reading {
	uint64_t tsc, ns, width;
};

struct reading read_clock(void);

/* For each poll, in order: the reading before it, and the current clocksource that it found. */
void clock_polled(struct reading at, const char *current);

/* Sends the rate, change, cost and order frames; at most 0.3 s of guest time. Switches the clocksource and back. */
void report_clock(const char *current, const char *available);

#endif
