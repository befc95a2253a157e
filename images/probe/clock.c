/*
 * What counts is that of the kernel's own tests in tools/testing/selftests/timers: inconsistency-check.c (order),
 * clocksource-switch.c (a switch by hand, and back), raw_skew.c (rate). Their runs take minutes; this is a look of a
 * quarter of a second, and so few calls that a nested guest, whose slow clocksources exit at each, does not feel it.
 * Facts are sent in cycles of the TSC: whoever reads them knows how fast it runs.
 */
#define _GNU_SOURCE
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "system.h"

#define CURRENT "/sys/devices/system/clocksource/clocksource0/current_clocksource"
/* For each clock of a source, and for each pair of CPUs, at the most: all of them take less than 0.3 s. */
#define PART_MS 15
#define TSC_RATE_MS 60
#define BATCH 8
#define BATCHES 16
#define PAIRS 128
#define SPINS 300
#define CPU_PAIRS 64
#define PARTNERS 7
#define CHANGES 4
#define NAME 32

static const struct {
	clockid_t id;
	const char *name;
} clocks[] = { { CLOCK_MONOTONIC, "mono" }, { CLOCK_REALTIME, "real" }, { CLOCK_MONOTONIC_RAW, "raw" } };
#define CLOCKS (sizeof(clocks) / sizeof(*clocks))

struct change {
	char from[NAME], to[NAME];
	/* The first reading under `from`, the last one under it, the first after it. */
	struct reading since, before, after;
};

static struct change changes[CHANGES];
static unsigned int changed;
static struct reading start;
static uint64_t cycles_per_ms;

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t now_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

struct reading read_clock(void)
{
	struct reading at = { .tsc = rdtsc() };

	at.ns = now_ns(CLOCK_BOOTTIME);
	at.width = rdtsc() - at.tsc;
	at.tsc += at.width / 2;
	return at;
}

static struct reading narrowest(int tries)
{
	struct reading best = read_clock(), next;

	while (--tries > 0) {
		next = read_clock();
		if (next.width < best.width)
			best = next;
	}
	return best;
}

/*
 * The source is asked after the reading, so a change that a poll finds may have come before its reading or after: only
 * the next poll's is surely under the new source.
 */
void clock_polled(struct reading at, const char *current)
{
	static char source[NAME];
	static struct reading last;
	static int readings, pending;

	if (pending) {
		changes[changed++].after = at;
		pending = 0;
		readings = 0;
	}
	if (*source && strcmp(source, current) && changed < CHANGES) {
		struct change *change = &changes[changed];

		snprintf(change->from, NAME, "%s", source);
		snprintf(change->to, NAME, "%s", current);
		change->since = start;
		change->before = last;
		pending = 1;
	} else if (readings == 0 || (readings < 8 && at.width < start.width)) {
		/* Interrupts make some readings wide: the first of a rate may be any of the first few. */
		start = at;
	}
	readings++;
	snprintf(source, NAME, "%s", current);
	last = at;
}

static void send_change(const struct change *change, const char *by)
{
	const struct reading *since = &change->since, *before = &change->before, *after = &change->after;

	framef("change", "from=%s to=%s by=%s ns=%lld tsc=%llu width=%llu since_ns=%lld since_tsc=%llu", change->from,
	       change->to, by, (long long)(after->ns - before->ns), (unsigned long long)(after->tsc - before->tsc),
	       (unsigned long long)(before->width + after->width) / 2, (long long)(before->ns - since->ns),
	       (unsigned long long)(before->tsc - since->tsc));
}

static uint64_t part_ends(void)
{
	return rdtsc() + PART_MS * cycles_per_ms;
}

/* Which clocks' calls enter the kernel: seen by tracing a child that makes one of each. -1 where that cannot be done. */
static int traced_calls(void)
{
	int status, entered = 0;
	pid_t child = fork();

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(1);
		raise(SIGSTOP);
		for (size_t i = 0; i < CLOCKS; i++)
			now_ns(clocks[i].id);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
		return -1;
	while (ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		if (ptrace(PTRACE_PEEKUSER, child, 8 * ORIG_RAX, NULL) == SYS_clock_gettime)
			for (size_t i = 0; i < CLOCKS; i++)
				if (ptrace(PTRACE_PEEKUSER, child, 8 * RDI, NULL) == clocks[i].id)
					entered |= 1 << i;
	return entered;
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Cycles that a batch takes, of each clock: the least and the median of at most BATCHES. */
static void report_cost(const char *source)
{
	char text[200], *out = text;
	int entered = traced_calls();

	for (size_t i = 0; i < CLOCKS; i++) {
		uint64_t took[BATCHES], end = part_ends();
		int batches = 0;

		now_ns(clocks[i].id);
		do {
			uint64_t begin = rdtsc();
			int calls = 0;

			do
				now_ns(clocks[i].id);
			while (++calls < BATCH && rdtsc() < end);
			took[batches++] = (rdtsc() - begin) * BATCH / calls;
		} while (batches < BATCHES && rdtsc() < end);
		qsort(took, batches, sizeof(*took), by_value);
		out += sprintf(out, " %s=%s,%d,%llu,%llu", clocks[i].name,
			       entered < 0 ? "unknown" : entered & 1 << i ? "syscall" : "vdso", batches,
			       (unsigned long long)took[0], (unsigned long long)took[batches / 2]);
	}
	framef("cost", "source=%s batch=%d%s", source, BATCH, text);
}

struct order {
	uint64_t last, worst, step;
	unsigned int pairs, back;
};

static void add_pair(struct order *order, uint64_t ns)
{
	if (order->last && ns < order->last) {
		order->back++;
		if (order->last - ns > order->worst)
			order->worst = order->last - ns;
	} else if (order->last && ns > order->last && (!order->step || ns - order->last < order->step)) {
		order->step = ns - order->last;
	}
	order->pairs += order->last != 0;
	order->last = ns;
}

static void send_order(const char *cpus, const struct order *order)
{
	struct timespec resolution = { 0, 0 };

	clock_getres(CLOCK_MONOTONIC, &resolution);
	framef("order", "cpus=%s pairs=%u back=%u worst=%llu step=%llu res=%ld", cpus, order->pairs, order->back,
	       (unsigned long long)order->worst, (unsigned long long)order->step, resolution.tv_nsec);
}

struct shared {
	volatile int turn;
	struct order order;
};

static int run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Reads in turn with the other CPU; the TSC tells only this CPU when to give up. */
static void take_turns(struct shared *shared, int me, int cpu)
{
	struct timespec moment = { 0, 1 };
	uint64_t end;

	/* Pairs of one CPU must not pass for pairs of two. */
	if (run_on(cpu) < 0)
		return;
	end = part_ends();
	while (shared->order.pairs < CPU_PAIRS && rdtsc() < end) {
		for (int spins = 0; shared->turn != me && spins < SPINS; spins++)
			__builtin_ia32_pause();
		if (shared->turn == me) {
			add_pair(&shared->order, now_ns(CLOCK_MONOTONIC));
			__atomic_store_n(&shared->turn, !me, __ATOMIC_RELEASE);
		} else {
			/* Two CPUs may share one below, which a spinning one does not let go of. */
			nanosleep(&moment, NULL);
		}
	}
}

static void report_order(void)
{
	struct order order = { 0 };
	uint64_t end = part_ends();
	cpu_set_t online;
	int first = -1, partners = 0;

	while (order.pairs < PAIRS && (order.pairs < 2 || rdtsc() < end))
		add_pair(&order, now_ns(CLOCK_MONOTONIC));
	send_order("0", &order);
	if (sched_getaffinity(0, sizeof(online), &online) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && partners < PARTNERS; cpu++) {
		struct shared *shared;
		char cpus[24];
		pid_t child;

		if (!CPU_ISSET(cpu, &online))
			continue;
		if (first < 0) {
			first = cpu;
			continue;
		}
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (shared == MAP_FAILED || (child = fork()) < 0)
			break;
		if (child == 0) {
			take_turns(shared, 1, cpu);
			_exit(0);
		}
		take_turns(shared, 0, first);
		waitpid(child, NULL, 0);
		snprintf(cpus, sizeof(cpus), "%d,%d", first, cpu);
		send_order(cpus, &shared->order);
		partners++;
	}
	sched_setaffinity(0, sizeof(online), &online);
}

/* Returns whether the kernel took it: one that it refuses is no error of the write. */
static int switch_by_hand(const char *from, const char *to)
{
	struct change change;
	char now[NAME];
	int fd = open(CURRENT, O_WRONLY | O_CLOEXEC), failed;

	snprintf(change.from, NAME, "%s", from);
	snprintf(change.to, NAME, "%s", to);
	change.since = change.before = narrowest(3);
	failed = fd < 0 || write(fd, to, strlen(to)) < 0;
	change.after = narrowest(3);
	if (fd >= 0)
		close(fd);
	read_line(CURRENT, now, sizeof(now));
	if (!failed && !strcmp(now, to)) {
		send_change(&change, "hand");
		return 1;
	}
	framef("change", "from=%s to=%s by=hand error=%s", from, to, failed ? strerror(errno) : "refused");
	return 0;
}

/* Sources that only a kernel without timers of high resolution can run on, and one that is on its way out. */
static int is_passing(const char *name)
{
	return !strcmp(name, "jiffies") || !strcmp(name, "refined-jiffies") || !strcmp(name, "tsc-early");
}

/* tsc where that is another one that is listed, else the best of the others; NULL where there is none. */
static const char *other_source(const char *current, char *available)
{
	char *rest = available, *name, *other = NULL;

	while ((name = strsep(&rest, ",")))
		if (strcmp(name, current) && !is_passing(name) && (!other || !strcmp(name, "tsc")))
			other = name;
	return other;
}

static void send_rate(const char *source, const struct reading *begin, const struct reading *end)
{
	framef("rate", "source=%s ns=%lld tsc=%llu width=%llu", source, (long long)(end->ns - begin->ns),
	       (unsigned long long)(end->tsc - begin->tsc), (unsigned long long)(begin->width + end->width) / 2);
}

/* Of tsc where another source outranks it: a wrong frequency does not show in the other's time. */
static void report_tsc(void)
{
	struct timespec pause = { 0, TSC_RATE_MS * 1000000 };
	struct reading begin = narrowest(3), end;

	report_cost("tsc");
	nanosleep(&pause, NULL);
	end = narrowest(3);
	send_rate("tsc", &begin, &end);
}

void report_clock(const char *current, const char *available)
{
	char list[512];
	const char *other;
	struct reading end = narrowest(5);

	if (end.ns <= start.ns || end.ns - start.ns < 1000000)
		return;
	cycles_per_ms = (end.tsc - start.tsc) / ((end.ns - start.ns) / 1000000);
	send_rate(current, &start, &end);
	for (unsigned int i = 0; i < changed; i++)
		send_change(&changes[i], "kernel");
	report_cost(current);
	report_order();
	snprintf(list, sizeof(list), "%s", available);
	other = other_source(current, list);
	if (!other || !switch_by_hand(current, other))
		return;
	if (!strcmp(other, "tsc"))
		report_tsc();
	switch_by_hand(other, current);
}
