#define _GNU_SOURCE
#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../probe/frame.h"
#include "../probe/system.h"

/* What was asked, a line each: "keep TEXT", "probe FUNCTION". Written by harness/image/probe-image.ts. */
#define ASKED "/trace"
#define TRACEFS "/sys/kernel/tracing"
/* The buffer holds megabytes, and the serial port takes two exits for each byte of it in a nested guest. */
#define SENT_MAX (64 * 1024)
#define LINE_MAX_LENGTH 1024

static const char *folder;

/* Where tracefs is: by itself from 4.1 on, before that within debugfs. */
static int find_folder(void)
{
	static const char *const folders[] = { TRACEFS, "/sys/kernel/debug/tracing" };

	mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	if (access(TRACEFS "/trace", R_OK) != 0)
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		folder = folders[i];
		if (chdir(folder) == 0 && access("trace", R_OK) == 0)
			return 1;
	}
	return 0;
}

/* Calls take() for each line of a file, without its line feed. A file that is not there has none. */
static void each_line(const char *path, void (*take)(char *line, void *with), void *with)
{
	char line[LINE_MAX_LENGTH];
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		take(line, with);
	}
	fclose(file);
}

static void send_probe(char *line, void *with)
{
	(void)with;
	frame("traceprobe", line);
}

/* Without the time that it begins with: that is the form of a line of the kernel's log. */
static void send_error(char *line, void *with)
{
	char *rest = strstr(line, "] ");

	(void)with;
	frame("traceerror", *line == '[' && rest ? rest + 2 : line);
}

struct search {
	const char *name;
	char found[128];
};

/* "ffffffff8103aab0 t tsc_read_refs" or "tsc_read_refs [module]"; NAME.isra.0 is what a compiler made of NAME. */
static void match_symbol(char *line, void *with)
{
	struct search *search = with;
	size_t length = strlen(search->name);
	char *name = line;

	if (isxdigit(*line) && strchr(line, ' ') && strrchr(line, ' ') != strchr(line, ' '))
		name = strchr(strchr(line, ' ') + 1, ' ') + 1;
	name[strcspn(name, " \t")] = 0;
	if (strncmp(name, search->name, length) || (name[length] && name[length] != '.'))
		return;
	if (!*search->found || !name[length])
		snprintf(search->found, sizeof(search->found), "%s", name);
}

static const char *look_for(const char *path, const char *name, struct search *search)
{
	search->name = name;
	*search->found = 0;
	each_line(path, match_symbol, search);
	return *search->found ? search->found : "none";
}

struct probed {
	const char *name;
	int yes;
};

static void match_probed(char *line, void *with)
{
	struct probed *probed = with;
	char *place = strchr(line, ' ');
	size_t length = strlen(probed->name);

	if (place && !strncmp(place + 1, probed->name, length) && strchr(" +%", place[1 + length]))
		probed->yes = 1;
}

/* Why a function could not be probed: the symbol is not there, or ftrace does not know it. */
static void explain(char *line, void *with)
{
	struct probed probed = { line + 6, 0 };
	struct search symbol, traceable;

	(void)with;
	if (strncmp(line, "probe ", 6))
		return;
	each_line("kprobe_events", match_probed, &probed);
	if (!probed.yes)
		framef("tracefunc", "name=%s symbol=%s traceable=%s kprobes=%s", probed.name,
		       look_for("/proc/kallsyms", probed.name, &symbol),
		       look_for("available_filter_functions", probed.name, &traceable),
		       access("kprobe_events", F_OK) == 0 ? "yes" : "no");
}

struct kept {
	const char *line;
	int patterns, yes;
};

static void match_kept(char *line, void *with)
{
	struct kept *kept = with;

	if (strncmp(line, "keep ", 5))
		return;
	kept->patterns++;
	if (strstr(kept->line, line + 5))
		kept->yes = 1;
}

struct sent {
	size_t bytes;
	unsigned int lines, others, cut;
};

static void send_line(char *line, void *with)
{
	struct sent *sent = with;
	struct kept kept = { line, 0, 0 };

	if (!strncmp(line, "# entries-in-buffer", 19))
		frame("traceinfo", line + 2);
	if (*line == '#' || !*line)
		return;
	each_line(ASKED, match_kept, &kept);
	if (kept.patterns && !kept.yes) {
		sent->others++;
	} else if (sent->bytes + strlen(line) > SENT_MAX) {
		sent->cut++;
	} else {
		sent->bytes += strlen(line);
		sent->lines++;
		frame("trace", line);
	}
}

void report_trace(void)
{
	struct sent sent = { 0 };
	FILE *on;

	if (!find_folder()) {
		framef("traceinfo", "error=%s", strerror(errno));
		return;
	}
	on = fopen("tracing_on", "we");
	if (on) {
		fputs("0", on);
		fclose(on);
	}
	each_line("kprobe_events", send_probe, NULL);
	each_line("error_log", send_error, NULL);
	each_line(ASKED, explain, NULL);
	each_line("trace", send_line, &sent);
	framef("traceinfo", "sent=%u others=%u cut=%u", sent.lines, sent.others, sent.cut);
}
