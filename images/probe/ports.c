/*
 * helper_check_io() in target/i386/tcg/ of some QEMU versions finds no I/O bitmap in a task state segment that is marked
 * busy, as that of a nested guest is after an exit: an `in` which the kernel has allowed then raises SIGSEGV.
 */
#define _GNU_SOURCE
#include "ports.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/io.h>
#include <unistd.h>

#include "../exits/exits.h"

static sigjmp_buf back;

struct write {
	unsigned int port;
	unsigned char value;
};

static void on_fault(int signal)
{
	siglongjmp(back, signal);
}

const char *try_access(void (*work)(void *), void *argument)
{
	struct sigaction ours = { .sa_handler = on_fault }, segv, bus;
	int caught;

	sigaction(SIGSEGV, &ours, &segv);
	sigaction(SIGBUS, &ours, &bus);
	caught = sigsetjmp(back, 1);
	if (!caught)
		work(argument);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return !caught ? NULL : caught == SIGBUS ? "SIGBUS" : "SIGSEGV";
}

static void write_now(void *argument)
{
	const struct write *write = argument;

	outb(write->value, write->port);
}

void write_port(unsigned int port, unsigned char value)
{
	struct write write = { port, value };

	int fd;

	if (ioperm(port, 1, 1) == 0) {
		try_access(write_now, &write);
		return;
	}
	/* A kernel without CONFIG_X86_IOPL_IOPERM. */
	fd = open("/dev/port", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!pwrite(fd, &value, 1, port);
		close(fd);
	}
}

void mark(unsigned int n)
{
	write_port(MARK_PORT, MARK_BASE + n);
}
