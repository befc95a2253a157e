/*
 * A test is a child with two pipes for its output, which goes out in frames that only the probe writes: whatever a test
 * prints is a payload, never a frame. The probe is process 1, so all that a test leaves behind comes to it and is ended.
 */
#define _GNU_SOURCE
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../probe/frame.h"

#define TESTS_PLAN "/tests/plan"
#define PLAN_MAX (256 * 1024)
#define ARGUMENTS_MAX 256
#define NS_PER_MS 1000000ull
/* So often that a guest in a busy test is never taken for one that hangs (limits.ts), in guest time. */
#define BEAT_NS (200 * NS_PER_MS)
/* Output comes a line at a time where one CPU runs both: what comes this soon after goes out with it, in one frame. */
#define GATHER_NS (5 * NS_PER_MS)
/* What a test left behind is killed, and waited for so long. */
#define REAP_MS 1000
#define CHUNK 2048

struct test {
	const char *name, *folder, *library_path;
	unsigned long long timeout_ms, cap;
	char *arguments[ARGUMENTS_MAX + 1];
};

enum { OUT, ERR, EXEC, PIPES };

static char plan[PLAN_MAX];
static char key[32];

const char *tests_key(void)
{
	return key;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	/* A test may set the others. */
	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void nothing(int signal)
{
	(void)signal;
}

/* The next field of the plan, which ends with a zero byte. */
static char *field(char **at, const char *end)
{
	char *text = *at;

	if (text >= end)
		return NULL;
	*at = text + strlen(text) + 1;
	return text;
}

static size_t read_plan(void)
{
	int file = open(TESTS_PLAN, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (file < 0)
		return 0;
	while (length < sizeof(plan) - 1 && (got = read(file, plan + length, sizeof(plan) - 1 - length)) > 0)
		length += got;
	close(file);
	/* No test reads the key, nor what else is to be run. */
	unlink(TESTS_PLAN);
	return length;
}

static int next_test(char **at, const char *end, struct test *test)
{
	char *timeout, *cap, *count;
	unsigned long arguments;

	test->name = field(at, end);
	timeout = field(at, end);
	cap = field(at, end);
	test->folder = field(at, end);
	test->library_path = field(at, end);
	count = field(at, end);
	if (!count)
		return 0;
	test->timeout_ms = strtoull(timeout, NULL, 10);
	test->cap = strtoull(cap, NULL, 10);
	arguments = strtoul(count, NULL, 10);
	for (unsigned long i = 0; i < arguments && i < ARGUMENTS_MAX; i++)
		test->arguments[i] = field(at, end);
	test->arguments[arguments < ARGUMENTS_MAX ? arguments : ARGUMENTS_MAX] = NULL;
	return test->arguments[0] != NULL;
}

/* Bytes of a test as the payload of a frame: all that is not printable is escaped, so nothing of it can end a line. */
static void send_output(const char *kind, unsigned int n, const char *bytes, size_t length)
{
	static char text[16 + 4 * CHUNK];
	char *out = text + sprintf(text, "%u ", n);

	for (; length > 0; length--, bytes++) {
		unsigned char byte = *bytes;

		if (byte < 0x20 || byte > 0x7e || byte == '\\')
			out += sprintf(out, "\\x%02x", byte);
		else
			*out++ = byte;
	}
	*out = 0;
	frame_escaped(kind, text);
}

static void become_test(const struct test *test, int pipes[PIPES][2])
{
	int none = open("/dev/null", O_RDWR), error;
	sigset_t all;

	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGCHLD, SIG_DFL);
	setsid();
	dup2(none, STDIN_FILENO);
	dup2(pipes[OUT][1], STDOUT_FILENO);
	dup2(pipes[ERR][1], STDERR_FILENO);
	setenv("PATH", "/sbin:/usr/sbin:/bin:/usr/bin", 1);
	setenv("HOME", "/", 1);
	unsetenv("TERM");
	if (*test->library_path)
		setenv("LD_LIBRARY_PATH", test->library_path, 1);
	if (chdir(test->folder) == 0)
		execv(test->arguments[0], test->arguments);
	error = errno;
	if (write(pipes[EXEC][1], &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Kills all but ourselves, whatever session it has made for itself. */
static void end_all(void)
{
	struct timespec pause = { 0, NS_PER_MS };

	kill(-1, SIGKILL);
	for (int waited = 0; waited < REAP_MS; waited++) {
		pid_t child = waitpid(-1, NULL, WNOHANG);

		if (child < 0)
			return;
		if (child == 0)
			nanosleep(&pause, NULL);
	}
}

/* Takes what a pipe holds; 0 once it has been closed by all who could write. */
static int take(int pipe, const char *kind, unsigned int n, unsigned long long *sent, unsigned long long cap)
{
	char bytes[CHUNK];
	ssize_t got = read(pipe, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return 0;
	if (*sent < cap)
		send_output(kind, n, bytes, (unsigned long long)got > cap - *sent ? cap - *sent : (size_t)got);
	*sent += got;
	return 1;
}

static void run_one(unsigned int n, const struct test *test)
{
	static const char *const kinds[] = { "testout", "testerr" };
	int pipes[PIPES][2], status = 0, error = 0, done = 0;
	struct pollfd watched[2];
	unsigned long long sent = 0;
	uint64_t start = now_ns(), beat = start, taken = 0, timeout = test->timeout_ms * NS_PER_MS;
	const char *how = NULL;
	sigset_t child_signal, before;
	pid_t child;

	framef("test", "n=%u t_ns=%llu timeout_ms=%llu cap=%llu name=%s", n, (unsigned long long)start, test->timeout_ms,
	       test->cap, test->name);
	frames_flush();
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, &before);
	signal(SIGCHLD, nothing);
	for (int i = 0; i < PIPES; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			goto unstarted;
	start = now_ns();
	child = fork();
	if (child < 0)
		goto unstarted;
	if (child == 0)
		become_test(test, pipes);
	for (int i = 0; i < PIPES; i++)
		close(pipes[i][1]);
	for (int i = OUT; i <= ERR; i++) {
		fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
		watched[i] = (struct pollfd){ .fd = pipes[i][0], .events = POLLIN };
	}
	while (!how) {
		uint64_t t = now_ns(), wait;
		struct timespec pause = { 0, 0 };

		if (t - start >= timeout) {
			how = "timeout";
			break;
		}
		if (t - beat >= BEAT_NS) {
			framef("beat", "t_ns=%llu", (unsigned long long)t);
			beat = t;
		}
		if (taken && t - taken < GATHER_NS) {
			pause.tv_nsec = GATHER_NS - (t - taken);
			/* The child's end is a signal, which ends this. */
			ppoll(NULL, 0, &pause, &before);
			pause.tv_nsec = 0;
		}
		/* What has been said is on the wire before we wait: a guest that dies in a test has said how far it came. */
		if (ppoll(watched, 2, &pause, &before) == 0) {
			frames_flush();
			wait = beat + BEAT_NS - t;
			if (start + timeout - t < wait)
				wait = start + timeout - t;
			pause = (struct timespec){ wait / 1000000000ull, wait % 1000000000ull };
			ppoll(watched, 2, &pause, &before);
		}
		/* Asked before the pipes are read: what it wrote before its end is in them then. */
		done = waitpid(child, &status, WNOHANG) == child;
		for (int i = OUT; i <= ERR; i++) {
			int more = watched[i].fd >= 0;

			while (more && sent <= test->cap) {
				struct pollfd one = { .fd = watched[i].fd, .events = POLLIN };

				if (poll(&one, 1, 0) <= 0)
					break;
				more = take(watched[i].fd, kinds[i], n, &sent, test->cap);
				taken = now_ns();
				if (!more)
					watched[i].fd = -1;
			}
		}
		if (sent > test->cap)
			how = "flood";
		else if (done)
			how = WIFSIGNALED(status) ? "signal" : "exit";
	}
	start = now_ns() - start;
	if (read(pipes[EXEC][0], &error, sizeof(error)) == sizeof(error))
		how = "unstarted";
	end_all();
	for (int i = 0; i < PIPES; i++)
		close(pipes[i][0]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	framef("testend", "n=%u how=%s code=%d ns=%llu bytes=%llu error=%s", n, how,
	       !done ? 0 : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), (unsigned long long)start, sent,
	       error ? strerror(error) : "");
	frames_flush();
	return;
unstarted:
	framef("testend", "n=%u how=unstarted code=0 ns=0 bytes=0 error=%s", n, strerror(errno));
	frames_flush();
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Links for busybox's programs, so that a script finds them under their own names. */
static void install_programs(void)
{
	pid_t child = fork();

	if (child == 0) {
		int none = open("/dev/null", O_RDWR);

		/* The console is for frames. */
		dup2(none, STDOUT_FILENO);
		dup2(none, STDERR_FILENO);
		execl("/bin/busybox", "/bin/busybox", "--install", "-s", NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

void run_tests(void)
{
	size_t length = read_plan();
	char *at = plan;
	const char *given = length > 0 ? field(&at, plan + length) : NULL;
	struct test test;

	if (!given)
		return;
	snprintf(key, sizeof(key), "%s", given);
	frames_flush();
	install_programs();
	for (unsigned int n = 0; next_test(&at, plan + length, &test); n++)
		run_one(n, &test);
}
