/*
 * tsc_read_refs() (arch/x86/kernel/tsc.c) reads the TSC, a reference counter and the TSC again, and throws the
 * sample away where that took too long. This measures the same thing from user space, in TSC cycles.
 */
#define _GNU_SOURCE
#include "refs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frame.h"
#include "ports.h"
#include "system.h"

#define READS 200
#define ACPI_TABLES "/sys/firmware/acpi/tables"
/* Offsets: ACPI 6.4 table 5.9 (FADT), IA-PC HPET 1.0a section 3.2.4 (table) and 2.3 (registers). */
#define FADT_PM_TMR_BLK 76
#define FADT_X_PM_TMR_BLK 208
#define GAS_ADDRESS 4
#define HPET_TABLE_ADDRESS 44
#define HPET_PERIOD_FS 0x4
#define HPET_COUNTER 0xf0
#define HPET_WINDOW 0x1000

static volatile uint32_t sink;

/* Samples of one reference: of the PM timer's port, or of the HPET's registers. */
struct sampling {
	unsigned int port;
	int reads_per_sample;
	volatile unsigned char *registers;
	uint32_t period_fs;
	uint64_t cycles[READS];
};

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static size_t read_table(const char *name, unsigned char *bytes, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), ACPI_TABLES "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, bytes, size);
	close(fd);
	return got < 0 ? 0 : got;
}

static uint64_t little_endian(const unsigned char *bytes, int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | bytes[count];
	return value;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_table(const struct dirent *entry)
{
	return entry->d_type == DT_REG;
}

static void report_tables(void)
{
	struct dirent **entries;
	char list[512] = "";
	int count = scandir(ACPI_TABLES, &entries, is_table, by_name);

	for (int i = 0; i < count; i++) {
		if (strlen(list) + strlen(entries[i]->d_name) + 2 < sizeof(list)) {
			if (*list)
				strcat(list, ",");
			strcat(list, entries[i]->d_name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	framef("acpi", "tables=%s", list);
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void report_cost(const char *source, uint64_t *cycles)
{
	qsort(cycles, READS, sizeof(*cycles), by_value);
	framef("refcost", "source=%s reads=%d min=%llu median=%llu p90=%llu max=%llu", source, READS,
	       (unsigned long long)cycles[0], (unsigned long long)cycles[READS / 2],
	       (unsigned long long)cycles[READS * 9 / 10], (unsigned long long)cycles[READS - 1]);
}

static void sample_pm_timer(void *argument)
{
	struct sampling *sampling = argument;

	for (int i = 0; i < READS; i++) {
		uint64_t start = rdtsc();

		for (int read = 0; read < sampling->reads_per_sample; read++)
			sink = inl(sampling->port);
		sampling->cycles[i] = rdtsc() - start;
	}
}

static void measure_pm_timer(unsigned int port, const char *source, int reads_per_sample)
{
	struct sampling sampling = { .port = port, .reads_per_sample = reads_per_sample };
	const char *fault;

	if (ioperm(port, 4, 1) < 0) {
		framef("refcost", "source=%s error=ioperm:%s", source, strerror(errno));
		return;
	}
	fault = try_access(sample_pm_timer, &sampling);
	if (fault)
		framef("refcost", "source=%s error=in:%s", source, fault);
	else
		report_cost(source, sampling.cycles);
}

static void report_pm_timer(void)
{
	unsigned char fadt[512] = { 0 };
	size_t length = read_table("FACP", fadt, sizeof(fadt));
	unsigned int port = 0;

	if (length >= FADT_X_PM_TMR_BLK + 12)
		port = little_endian(fadt + FADT_X_PM_TMR_BLK + GAS_ADDRESS, 8);
	if (port == 0 && length >= FADT_PM_TMR_BLK + 4)
		port = little_endian(fadt + FADT_PM_TMR_BLK, 4);
	if (port == 0) {
		frame("pmtimer", "absent");
		return;
	}
	framef("pmtimer", "port=0x%x", port);
	measure_pm_timer(port, "pm", 1);
	/* acpi_pm_read_verified() in drivers/clocksource/acpi_pm.c reads at least three times. */
	measure_pm_timer(port, "pm3", 3);
}

/* /dev/hpet where the kernel offers its pages, else physical memory, which IO_STRICT_DEVMEM may refuse. */
static volatile unsigned char *map_hpet(uint64_t base)
{
	int fd = open("/dev/hpet", O_RDONLY | O_CLOEXEC);
	void *window = MAP_FAILED;

	if (fd >= 0) {
		window = mmap(NULL, HPET_WINDOW, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (window == MAP_FAILED) {
		fd = open("/dev/mem", O_RDONLY | O_SYNC | O_CLOEXEC);
		if (fd >= 0) {
			window = mmap(NULL, HPET_WINDOW, PROT_READ, MAP_SHARED, fd, base);
			close(fd);
		}
	}
	return window == MAP_FAILED ? NULL : window;
}

static void sample_hpet(void *argument)
{
	struct sampling *sampling = argument;

	sampling->period_fs = *(volatile uint32_t *)(sampling->registers + HPET_PERIOD_FS);
	for (int i = 0; i < READS; i++) {
		uint64_t start = rdtsc();

		sink = *(volatile uint32_t *)(sampling->registers + HPET_COUNTER);
		sampling->cycles[i] = rdtsc() - start;
	}
}

static void report_hpet(void)
{
	unsigned char table[64] = { 0 };
	size_t length = read_table("HPET", table, sizeof(table));
	struct sampling sampling = { 0 };
	const char *fault;
	uint64_t base;

	if (length < HPET_TABLE_ADDRESS + 8) {
		frame("hpet", "absent");
		return;
	}
	base = little_endian(table + HPET_TABLE_ADDRESS, 8);
	sampling.registers = map_hpet(base);
	if (!sampling.registers) {
		framef("hpet", "base=0x%llx", (unsigned long long)base);
		framef("refcost", "source=hpet error=mmap:%s", strerror(errno));
		return;
	}
	fault = try_access(sample_hpet, &sampling);
	if (fault) {
		framef("hpet", "base=0x%llx", (unsigned long long)base);
		framef("refcost", "source=hpet error=read:%s", fault);
		return;
	}
	framef("hpet", "base=0x%llx period_fs=%u", (unsigned long long)base, sampling.period_fs);
	report_cost("hpet", sampling.cycles);
}

void report_references(void)
{
	/* With sysfs a missing folder says that the kernel uses no ACPI. */
	if (access("/sys/firmware", F_OK) < 0) {
		report_unread(ACPI_TABLES);
		return;
	}
	report_tables();
	report_pm_timer();
	report_hpet();
}
