/* What the guest's own kernel and CPU say of the machine they run on. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stddef.h>

/* First line of a file without its newline; empty where the file cannot be read. */
void read_line(const char *path, char *text, size_t size);

/* The value of NAME=VALUE on the kernel command line, or fallback. */
const char *boot_option(const char *name, char *value, size_t size, const char *fallback);

void report_command_line(void);
void report_uname(void);
/* Sends the cpus, cpu, flags, hypervisor and cpuid frames. */
void report_cpu(void);
/* Sends the config frames that tscprobe.config asks for: all, listed (those that matter here), none. */
void report_config(void);

#endif
