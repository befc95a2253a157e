/*
 * Preloaded into the QEMU that runs a KVM guest: counts the guest's exits and makes its reads of a reference counter
 * slower. A read of the ACPI PM timer's port or of the HPET's main counter always leaves the guest for QEMU, so this
 * is the exit latency of that read as the guest sees it; nothing in the guest, in KVM or in QEMU is changed.
 *
 * Half of a delay passes before QEMU takes the counter's value and half after it, as with a slow exit and a slow entry.
 * The longer delay of a disturbance (an SMI, a stolen time slice) passes after it: between the reference counter's
 * value and the TSC that tsc_read_refs() (arch/x86/kernel/tsc.c) pairs it with.
 *
 * Asked for by environment variables, all times in ns:
 *   TSCMATRIX_EXITS=FILE           where struct exits is kept; without it nothing is done at all
 *   TSCMATRIX_PM_NS, TSCMATRIX_HPET_NS   added to each read
 *   TSCMATRIX_EVERY=N, TSCMATRIX_LONGER_NS   each Nth read of a counter is longer by this
 *   TSCMATRIX_CHANCE=P, TSCMATRIX_SEED=S     or each read with the chance P of 2^32, drawn from the seed
 *   TSCMATRIX_TSC_KHZ              the clock is the TSC at this frequency; without it CLOCK_MONOTONIC
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "exits.h"

/* QEMU 7.2 to 10: hw/acpi/piix4.c and ich9.c; SeaBIOS puts both at PORT_ACPI_PM_BASE 0x600, the timer is at + 8. */
#define PM_TIMER_PORT 0x608
/* IA-PC HPET 1.0a, 2.3.7; the base is HPET_BASE in QEMU's include/hw/timer/hpet.h. */
#define HPET_MAIN_COUNTER 0xfed000f0ull

#define VCPUS_MAX 256

static struct exits *exits;
static uint64_t delay_ns[COUNTERS], longer_ns, every, chance, seed, tsc_khz, started_ns;
static struct kvm_run *run_of_fd[VCPUS_MAX * 4];
static unsigned char is_vcpu[VCPUS_MAX * 4];
/* What is left of a read's delay for the moment at which this virtual CPU enters its guest again. */
static __thread uint64_t pending_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	if (tsc_khz) {
		uint32_t low, high;

		__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
		return (unsigned __int128)((uint64_t)high << 32 | low) * 1000000 / tsc_khz;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void spin(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (ns && now_ns() < end)
		;
}

static uint64_t number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("TSCMATRIX_EXITS");
	void *memory;
	int fd;

	if (!path)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* A guest whose reads are neither slowed nor counted is not the one that was asked for. */
	if (fd < 0 || ftruncate(fd, sizeof(*exits)) < 0)
		abort();
	memory = mmap(NULL, sizeof(*exits), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		abort();
	exits = memory;
	exits->magic = EXITS_MAGIC;
	exits->version = EXITS_VERSION;
	delay_ns[COUNTER_PM] = number("TSCMATRIX_PM_NS");
	delay_ns[COUNTER_HPET] = number("TSCMATRIX_HPET_NS");
	longer_ns = number("TSCMATRIX_LONGER_NS");
	every = number("TSCMATRIX_EVERY");
	chance = number("TSCMATRIX_CHANCE");
	seed = number("TSCMATRIX_SEED");
	tsc_khz = number("TSCMATRIX_TSC_KHZ");
	/* The programs that QEMU might start are none of ours. */
	unsetenv("LD_PRELOAD");
}

static uint64_t add(uint64_t *counter, uint64_t more)
{
	return __atomic_add_fetch(counter, more, __ATOMIC_RELAXED);
}

/* splitmix64 of the read's number: the draw of a read does not depend on which thread made it. */
static uint64_t draw(int counter, uint64_t nth)
{
	uint64_t z = seed + (nth * COUNTERS + counter) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) >> 32;
}

static int is_disturbed(int counter, uint64_t nth)
{
	if (!longer_ns)
		return 0;
	return (every && nth % every == 0) || (chance && draw(counter, nth) < chance);
}

static void on_read(int counter)
{
	uint64_t nth = add(&exits->reads[counter], 1), ns = delay_ns[counter];
	uint64_t second = (now_ns() - started_ns) / 1000000000ull;

	if (second >= EXITS_SECONDS)
		second = EXITS_SECONDS - 1;
	__atomic_add_fetch(&exits->per_second[counter][second], 1, __ATOMIC_RELAXED);
	pending_ns = ns / 2;
	if (is_disturbed(counter, nth)) {
		add(&exits->disturbed[counter], 1);
		pending_ns += longer_ns;
	}
	add(&exits->added_ns[counter], ns - ns / 2 + pending_ns);
	spin(ns - ns / 2);
}

static void on_mark(unsigned int n)
{
	struct exits_mark *mark = &exits->marks[n];

	mark->t_ns = now_ns() - started_ns;
	for (int counter = 0; counter < COUNTERS; counter++)
		mark->reads[counter] = exits->reads[counter];
}

static void on_io(const struct kvm_run *run)
{
	const unsigned char *data = (const unsigned char *)run + run->io.data_offset;

	add(&exits->io, 1);
	if (run->io.direction == KVM_EXIT_IO_IN && run->io.port == PM_TIMER_PORT)
		on_read(COUNTER_PM);
	else if (run->io.direction == KVM_EXIT_IO_OUT && run->io.port == MARK_PORT &&
		 (unsigned int)(*data - MARK_BASE) < EXITS_MARKS)
		on_mark(*data - MARK_BASE);
}

static void on_mmio(const struct kvm_run *run)
{
	add(&exits->mmio, 1);
	/* The upper half alone is read by nobody who wants the time: hpet_readl(HPET_COUNTER) is the lower one. */
	if (!run->mmio.is_write && run->mmio.phys_addr == HPET_MAIN_COUNTER)
		on_read(COUNTER_HPET);
}

static int enter(int fd, unsigned long request, void *argument)
{
	struct kvm_run *run = run_of_fd[fd];
	long result;

	if (!started_ns)
		started_ns = now_ns();
	spin(pending_ns);
	pending_ns = 0;
	result = syscall(SYS_ioctl, fd, request, argument);
	add(&exits->runs, 1);
	if (result == 0 && run->exit_reason == KVM_EXIT_IO)
		on_io(run);
	else if (result == 0 && run->exit_reason == KVM_EXIT_MMIO)
		on_mmio(run);
	return result;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;
	long result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (exits && request == KVM_RUN && fd >= 0 && fd < VCPUS_MAX * 4 && run_of_fd[fd])
		return enter(fd, request, argument);
	result = syscall(SYS_ioctl, fd, request, argument);
	if (exits && request == KVM_CREATE_VCPU && result >= 0) {
		/* Its reads would go by unseen. */
		if (result >= VCPUS_MAX * 4)
			abort();
		is_vcpu[result] = 1;
	}
	return result;
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
	void *memory = (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);

	if (memory != MAP_FAILED && offset == 0 && fd >= 0 && fd < VCPUS_MAX * 4 && is_vcpu[fd])
		run_of_fd[fd] = memory;
	return memory;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return mmap64(address, length, protection, flags, fd, offset);
}
