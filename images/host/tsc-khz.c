/*
 * Prints the host's TSC frequency in kHz, as its kernel's CLOCK_MONOTONIC_RAW tells it, and the bound of the error in
 * ppm. The TSC of a TCG guest in real time is the host's (cpu_get_host_ticks() in QEMU's include/qemu/timer.h).
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define TRIES 200

struct sample {
	uint64_t tsc, ns, width;
};

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* The narrowest of many reads of the clock between two reads of the TSC. */
static struct sample read_both(void)
{
	struct sample best = { 0, 0, UINT64_MAX };

	for (int i = 0; i < TRIES; i++) {
		struct timespec now;
		uint64_t before = rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		after = rdtsc();
		if (after - before < best.width) {
			best.width = after - before;
			best.tsc = before + best.width / 2;
			best.ns = now.tv_sec * 1000000000ull + now.tv_nsec;
		}
	}
	return best;
}

int main(void)
{
	struct timespec pause = { 0, 250000000 };
	struct sample first = read_both(), last;
	double cycles, ns;

	nanosleep(&pause, NULL);
	last = read_both();
	cycles = last.tsc - first.tsc;
	ns = last.ns - first.ns;
	printf("%.3f %.3f\n", cycles / ns * 1e6, (first.width + last.width) / 2.0 / cycles * 1e6);
	return 0;
}
