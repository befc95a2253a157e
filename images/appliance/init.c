/*
 * The only program of the appliance (L1) beside QEMU: runs the cell's guest (L2) under KVM, passes its console on, and
 * reports what became of it in frames (docs/probe-protocol.md) on its own console. See docs/appliance.md.
 *
 * A cell brings in the fw_cfg items opt/tscmatrix/ of its machine: command (the guest's QEMU and its arguments, one a
 * line), environment (NAME=VALUE, one a line), questions (QMP commands, one a line), and kernel and initrd, which become
 * /run/kernel and /run/initrd.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../exits/exits.h"
#include "../probe/frame.h"
#include "items.h"

#define CONSOLE_FILE "/run/console"
#define EXITS_FILE "/run/exits"
#define STDERR_FILE "/run/qemu-stderr"
#define QMP_SOCKET "/run/qmp"
/* QEMU's isa-debugcon: what is written there is in the host's file at once, whole, without a driver or an interrupt. */
#define CONSOLE_PORT 0xe9
#define LOOK_MS 20
#define BEAT_NS 1000000000ull
#define LINES_MAX 128

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* The appliance cannot go on: say why and end the machine, so that nobody waits. */
static void end_machine(const char *state)
{
	framef("l1end", "frames=%u state=%s", frames_sent() + 1, state);
	tcdrain(STDOUT_FILENO);
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void fail(const char *what)
{
	framef("l1fault", "%s: %s", what, strerror(errno));
	end_machine("fault");
}

static void fetch(const char *name, const char *path)
{
	const char *fault = item_to_file(name, path);

	if (fault) {
		framef("l1fault", "%s: %s", name, fault);
		end_machine("fault");
	}
}

static int split_lines(char *text, char **lines, int max)
{
	int count = 0;

	for (char *line; (line = strsep(&text, "\n"));)
		if (*line && count < max - 1)
			lines[count++] = line;
	lines[count] = NULL;
	return count;
}

static void mount_all(void)
{
	mkdir("/run", 0755);
	if (mount("sys", "/sys", "sysfs", 0, NULL) || mount("run", "/run", "tmpfs", 0, NULL))
		fail("mount");
	mkdir("/dev/shm", 01777);
}

static void take_console(void)
{
	int fd = open("/dev/ttyS0", O_RDWR | O_CLOEXEC);
	struct termios raw;

	if (fd < 0)
		_exit(1);
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

static void option(const char *name, char *value, size_t size, const char *fallback)
{
	char *text = slurp("/proc/cmdline", NULL), *rest = text, *word;
	size_t length = strlen(name);

	snprintf(value, size, "%s", fallback);
	while (rest && (word = strsep(&rest, " \n")))
		if (!strncmp(word, name, length) && word[length] == '=')
			snprintf(value, size, "%s", word + length + 1);
	free(text);
}

static void report_system(void)
{
	char line[256] = "";
	struct utsname name;
	int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY);

	uname(&name);
	framef("l1uname", "%s %s", name.release, name.version);
	if (fd >= 0) {
		ssize_t got = read(fd, line, sizeof(line) - 1);

		line[got > 0 ? got - 1 : 0] = 0;
		close(fd);
	}
	framef("l1clock", "current=%s t_ns=%llu", line, (unsigned long long)now_ns());
}

static pid_t start_guest(void)
{
	char *command = item_text("command"), *environment = item_text("environment");
	char *argv[LINES_MAX], *envp[LINES_MAX];
	pid_t child;

	if (!command || !environment)
		fail("fw_cfg");
	if (split_lines(command, argv, LINES_MAX) == 0)
		fail("an empty command");
	split_lines(environment, envp, LINES_MAX);
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		int words = open(STDERR_FILE, O_WRONLY | O_CREAT | O_APPEND, 0600);
		int nothing = open("/dev/null", O_RDWR);

		dup2(nothing, STDIN_FILENO);
		dup2(nothing, STDOUT_FILENO);
		dup2(words, STDERR_FILENO);
		execve(argv[0], argv, envp);
		dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	free(command);
	free(environment);
	return child;
}

/* What the guest's console gained goes to the host. */
static size_t pump_console(int *fd)
{
	static char bytes[16384];
	size_t total = 0;
	ssize_t got;

	if (*fd < 0)
		*fd = open(CONSOLE_FILE, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return 0;
	while ((got = read(*fd, bytes, sizeof(bytes))) > 0) {
		outsb(CONSOLE_PORT, bytes, got);
		total += got;
	}
	return total;
}

static int connect_qmp(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = QMP_SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *questions;
	size_t length;

	if (fd < 0)
		fail("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	questions = item_text("questions");
	length = questions ? strlen(questions) : 0;
	if (!questions || write(fd, questions, length) != (ssize_t)length)
		fail("questions");
	free(questions);
	return fd;
}

/* Passes whole lines of QMP on; returns 0 where QEMU has closed it. */
static int pass_qmp(int fd)
{
	static char text[65536];
	static size_t held;
	ssize_t got = recv(fd, text + held, sizeof(text) - 1 - held, MSG_DONTWAIT);
	char *line = text, *end;

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return 0;
	if (got < 0)
		return 1;
	held += got;
	text[held] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		line[strcspn(line, "\r")] = 0;
		frame("l2qmp", line);
		line = end + 1;
	}
	held -= line - text;
	memmove(text, line, held);
	return held < sizeof(text) - 1;
}

static void report_file(const char *kind, const char *path)
{
	char *text = slurp(path, NULL), *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			frame(kind, line);
	free(text);
}

static void report_exits(void)
{
	size_t length = 0;
	unsigned char *bytes = (unsigned char *)slurp(EXITS_FILE, &length);
	char *hex = malloc(length * 2 + 1);

	if (!bytes || !hex || length != sizeof(struct exits))
		return;
	for (size_t i = 0; i < length; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	frame("l2exits", hex);
}

static void beat(uint64_t console_bytes)
{
	framef("l1beat", "t_ns=%llu console=%llu", (unsigned long long)now_ns(),
	       (unsigned long long)console_bytes);
}

/* Follows the guest's QEMU until it has ended, or is to be ended; returns what is to be said of it. */
static const char *follow(pid_t guest, uint64_t limit_ns, uint64_t silence_ns, int *status)
{
	uint64_t start = now_ns(), last_beat = start, last_word = start, console_bytes = 0;
	int console = -1, qmp = -1, open_qmp = 1;

	for (;;) {
		struct pollfd event = { .fd = qmp, .events = POLLIN };
		size_t gained;
		uint64_t now;
		int over;

		poll(&event, qmp >= 0 ? 1 : 0, LOOK_MS);
		/* Asked before the console is read: what QEMU wrote before it ended is not lost. */
		over = waitpid(guest, status, WNOHANG) == guest;
		gained = pump_console(&console);
		now = now_ns();
		console_bytes += gained;
		if (gained)
			last_word = now;
		if (qmp < 0 && open_qmp)
			qmp = connect_qmp();
		else if (qmp >= 0 && !pass_qmp(qmp)) {
			close(qmp);
			qmp = -1;
			open_qmp = 0;
		}
		if (over)
			return "over";
		if (now - last_beat >= BEAT_NS) {
			beat(console_bytes);
			last_beat = now;
		}
		if (now - start > limit_ns)
			return "limit";
		if (now - last_word > silence_ns)
			return "silence";
	}
}

int main(void)
{
	char nonce[NONCE_LENGTH + 1], limit_ms[32], silence_ms[32];
	const char *state;
	pid_t guest;
	int status = 0;

	/* Without a console and a nonce nobody would read what is said of a fault. */
	if (mount("proc", "/proc", "proc", 0, NULL) || mount("dev", "/dev", "devtmpfs", 0, NULL))
		_exit(1);
	take_console();
	option("tscl1.nonce", nonce, sizeof(nonce), "00000000");
	option("tscl1.limit_ms", limit_ms, sizeof(limit_ms), "120000");
	option("tscl1.silence_ms", silence_ms, sizeof(silence_ms), "30000");
	frames_open(nonce);
	mount_all();
	framef("l1begin", "protocol=1 t_ns=%llu", (unsigned long long)now_ns());
	report_system();
	if (iopl(3))
		fail("iopl");
	if (access("/dev/kvm", R_OK | W_OK))
		fail("/dev/kvm");
	fetch("kernel", "/run/kernel");
	fetch("initrd", "/run/initrd");
	guest = start_guest();
	framef("l2start", "t_ns=%llu", (unsigned long long)now_ns());
	state = follow(guest, strtoull(limit_ms, NULL, 10) * 1000000ull, strtoull(silence_ms, NULL, 10) * 1000000ull,
		       &status);
	if (strcmp(state, "over")) {
		kill(guest, SIGKILL);
		waitpid(guest, &status, 0);
	}
	framef("l2end", "state=%s exit=%d signal=%d t_ns=%llu", state, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	       WIFSIGNALED(status) ? WTERMSIG(status) : 0, (unsigned long long)now_ns());
	report_file("l2stderr", STDERR_FILE);
	report_exits();
	end_machine(state);
}
