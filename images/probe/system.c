#define _GNU_SOURCE
#include "system.h"

#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "frame.h"

#define COMMAND_LINE_MAX 4096
#define HYPERVISOR_LEAF 0x40000000
#define CPUS "/sys/devices/system/cpu/"

void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	*text = 0;
	if (!file)
		return;
	if (!fgets(text, size, file))
		*text = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(file);
}

void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} devices[] = { { "/dev/mem", 1, 1 }, { "/dev/port", 1, 4 }, { "/dev/kmsg", 1, 11 }, { "/dev/hpet", 10, 228 } };

	/* Every devtmpfs has it. */
	if (access("/dev/null", F_OK) == 0)
		return;
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		mknod(devices[i].path, S_IFCHR | 0600, makedev(devices[i].major, devices[i].minor));
}

void report_unread(const char *file)
{
	framef("unread", "file=%s error=%s", file, strerror(errno));
}

char *syslog_text(void)
{
	/* SYSLOG_ACTION_READ_ALL, SYSLOG_ACTION_SIZE_BUFFER: <sys/klog.h> names none. */
	int size = klogctl(10, NULL, 0), got;
	char *text = size < 0 ? NULL : malloc(size + 1);

	if (!text)
		return NULL;
	got = klogctl(3, text, size);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[got] = 0;
	return text;
}

/* Without /proc the kernel's log has it, in setup_arch() of arch/x86/kernel/setup.c. */
static const char *command_line(void)
{
	static char line[COMMAND_LINE_MAX];
	char *log, *found;

	if (*line)
		return line;
	read_line("/proc/cmdline", line, sizeof(line));
	if (*line || access("/proc/cmdline", F_OK) == 0 || !(log = syslog_text()))
		return line;
	found = strstr(log, "] Command line: ");
	if (found) {
		found = strchr(found, ':') + 2;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
	}
	free(log);
	return line;
}

const char *boot_option(const char *name, char *value, size_t size, const char *fallback)
{
	char line[COMMAND_LINE_MAX], *rest = line, *word;
	size_t length = strlen(name);

	snprintf(value, size, "%s", fallback);
	snprintf(line, sizeof(line), "%s", command_line());
	while ((word = strsep(&rest, " ")))
		if (!strncmp(word, name, length) && word[length] == '=')
			snprintf(value, size, "%s", word + length + 1);
	return value;
}

void report_command_line(void)
{
	const char *line = command_line();

	if (*line || access("/proc/cmdline", F_OK) == 0)
		frame("cmdline", line);
	else
		report_unread("/proc/cmdline");
}

void report_uname(void)
{
	struct utsname names;

	if (uname(&names) == 0)
		framef("uname", "%s %s", names.release, names.version);
}

/* The text after "KEY : " of the first CPU. */
static void cpuinfo(const char *key, char *text, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[8192];

	snprintf(text, size, "unknown");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (colon && !strncmp(line, key, strlen(key)) && strchr("\t ", line[strlen(key)])) {
			line[strcspn(line, "\n")] = 0;
			snprintf(text, size, "%s", colon[1] ? colon + 2 : "");
			break;
		}
	}
	fclose(file);
}

static void report_hypervisor(void)
{
	unsigned int eax, ebx, ecx, edx, words[3];
	char signature[13] = "", *end;

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & 1u << 31)) {
		frame("hypervisor", "signature=none max_leaf=0x0");
		return;
	}
	__cpuid(HYPERVISOR_LEAF, eax, words[0], words[1], words[2]);
	memcpy(signature, words, 12);
	signature[12] = 0;
	for (end = signature; *end; end++)
		if (*end == ' ')
			*end = '_';
	framef("hypervisor", "signature=%s max_leaf=0x%x", *signature ? signature : "empty", eax);
}

static void report_leaf(unsigned int leaf, unsigned int range)
{
	unsigned int highest, eax, ebx, ecx, edx;

	__cpuid(range, highest, ebx, ecx, edx);
	if (highest < leaf || highest > range + 0xffff)
		return;
	__cpuid_count(leaf, 0, eax, ebx, ecx, edx);
	framef("cpuid", "leaf=0x%x eax=0x%x ebx=0x%x ecx=0x%x edx=0x%x", leaf, eax, ebx, ecx, edx);
}

/* The CPUs that a program may run on, as a list; for a first process these are all that are online. */
static void allowed_cpus(char *text, size_t size)
{
	cpu_set_t set;
	size_t length = 0;

	snprintf(text, size, "unknown");
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && length + 8 < size; cpu++)
		if (CPU_ISSET(cpu, &set))
			length += snprintf(text + length, size - length, "%s%d", length ? "," : "", cpu);
}

static void report_cpus(void)
{
	char present[64], online[256];

	read_line(CPUS "present", present, sizeof(present));
	read_line(CPUS "online", online, sizeof(online));
	if (!*present && access(CPUS "present", R_OK) < 0) {
		report_unread(CPUS "present");
		snprintf(present, sizeof(present), "unknown");
	}
	if (!*online)
		allowed_cpus(online, sizeof(online));
	framef("cpus", "present=%s online=%s", present, online);
}

void report_cpu(void)
{
	char vendor[64], model[256], flags[8192];
	unsigned int eax, ebx, ecx, edx;

	report_cpus();
	if (access("/proc/cpuinfo", R_OK) < 0) {
		report_unread("/proc/cpuinfo");
	} else {
		cpuinfo("vendor_id", vendor, sizeof(vendor));
		cpuinfo("model name", model, sizeof(model));
		framef("cpu", "vendor=%s model=%s", vendor, model);
		cpuinfo("flags", flags, sizeof(flags));
		frame("flags", flags);
	}
	report_hypervisor();
	report_leaf(0x15, 0);
	report_leaf(0x16, 0);
	report_leaf(0x80000007, 0x80000000);
	__cpuid(1, eax, ebx, ecx, edx);
	if (ecx & 1u << 31)
		report_leaf(0x40000010, HYPERVISOR_LEAF);
}

/*
 * What decides how the TSC, the sources beside it and the kernel's log behave. The rest of a distribution's 8,000 lines
 * is for those who ask for it.
 */
static int matters(const char *option)
{
	static const char *const beginnings[] = {
		"ACPI=",     "CLOCKSOURCE_", "HIGH_RES_TIMERS=", "HPET_TIMER=",  "HYPERV",	  "HYPERVISOR_GUEST=",
		"HZ",	     "KVM_GUEST=",   "NO_HZ",		 "NR_CPUS=",	 "PARAVIRT",	  "PREEMPT",
		"PRINTK_",   "SMP=",	     "X86_PM_TIMER=",	 "X86_TSC=",	 "X86_X2APIC=",	  "XEN_PV",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (!strncmp(option, beginnings[i], strlen(beginnings[i])))
			return 1;
	return 0;
}

void report_config(void)
{
	char line[1024], wanted[16];
	FILE *lines;
	int all;

	boot_option("tscprobe.config", wanted, sizeof(wanted), "listed");
	if (!strcmp(wanted, "none") || access("/proc/config.gz", R_OK) != 0)
		return;
	all = !strcmp(wanted, "all");
	lines = popen("/bin/busybox zcat /proc/config.gz", "re");
	if (!lines)
		return;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "CONFIG_", 7) && (all || matters(line + 7)))
			frame("config", line);
	}
	pclose(lines);
}
