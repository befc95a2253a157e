/* What the guest's own kernel and CPU say of the machine they run on. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stddef.h>

/* First line of a file without its newline; empty where the file cannot be read. */
void read_line(const char *path, char *text, size_t size);

/* Makes the devices that we use, where the kernel has no devtmpfs. */
void make_devices(void);

/* Sends an unread frame: errno says why the file, or what stands for it, could not be read. */
void report_unread(const char *file);

/* All of the kernel's log as syslog(2) gives it, to be freed; NULL where there is none, and errno says why. */
char *syslog_text(void);

/* The value of NAME=VALUE on the kernel command line, or fallback. */
const char *boot_option(const char *name, char *value, size_t size, const char *fallback);

void report_command_line(void);
void report_uname(void);
/* Sends the cpus, cpu, flags, hypervisor and cpuid frames. */
void report_cpu(void);
/* Sends the config frames that tscprobe.config asks for: all, listed (those that matter here), none. */
void report_config(void);

#endif
