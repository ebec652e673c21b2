// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "main.h"

struct ernat_opts opts;

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *synopsis;
	const char *description;
};

static const struct command commands[] = {
	{ "apply", apply_main, "apply FILE [--check] [--router NAME]",
	  "make FILE the ruleset, all of it or nothing; --check only asks whether it could be" },
	{ "diff", diff_main, "diff FILE", "what applying FILE would change" },
	{ "explain", explain_main,
	  "explain from A to B [in DEV] [protocol P] [sport N] [dport N] [mark N]",
	  "what would be decided for such a packet, and why" },
	{ "flush", flush_main, "flush [--force]",
	  "end all sessions and remove the ruleset; --force although sessions live" },
	{ "show", show_main,
	  "show pool|route-source|rule|session|stats|config [NAME|FILTER]",
	  "what there is and what is in use" },
	{ "status", status_main, "status", "one screen: versions, ruleset, pools, conntrack" },
	{ "version", version_main, "version", "of the command and of the module" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *f)
{
	size_t i;

	fprintf(f, "Usage: %s [-j] [-n NETNS] COMMAND [ARGUMENTS]\n\n", opts.progname);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %s\n        %s\n", commands[i].synopsis, commands[i].description);
	fprintf(f, "\n  -j, --json        print JSON\n"
		   "  -n, --netns NAME  act in that network namespace\n"
		   "  -h, --help        this text; after a command, that command's\n"
		   "\nSee ernat(8) and ernat.conf(5).\n");
}

/* As in ip: the first command that begins so. */
static const struct command *find_command(const char *name)
{
	const struct command *found = NULL;
	size_t i;

	for (i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
		if (*name && !strncmp(commands[i].name, name, strlen(name)) && !found)
			found = &commands[i];
	}
	return found;
}

int usage_error(const char *command)
{
	const struct command *c = find_command(command);

	fprintf(stderr, "Usage: %s %s\n", opts.progname, c ? c->synopsis : command);
	return EXIT_USAGE;
}

/* Takes the options that every command knows out of argv. Returns the new argc. */
static int take_options(int argc, char **argv, bool *want_help)
{
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json")) {
			opts.json = true;
		} else if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			*want_help = true;
		} else if (!strncmp(argv[i], "--netns=", 8)) {
			opts.netns = argv[i] + 8;
		} else if (!strcmp(argv[i], "-n") || !strcmp(argv[i], "--netns")) {
			if (++i == argc)
				return -1;
			opts.netns = argv[i];
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

/* What was printed may still have been lost: a full disk, a closed pipe. */
static int finish(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	if (errno != EPIPE)
		fprintf(stderr, "ernat: standard output: %s\n", strerror(errno));
	return code ? code : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const struct command *c;
	bool want_help = false;

	signal(SIGPIPE, SIG_IGN);
	opts.progname = "ernat";
	argc = take_options(argc - 1, argv + 1, &want_help);
	argv++;
	if (argc < 0) {
		fprintf(stderr, "ernat: -n needs the name of a network namespace\n");
		return EXIT_USAGE;
	}
	if (argc == 0) {
		help(want_help ? stdout : stderr);
		return want_help ? finish(EXIT_OK) : EXIT_USAGE;
	}
	if (!strcmp(argv[0], "help")) {
		help(stdout);
		return finish(EXIT_OK);
	}
	c = find_command(argv[0]);
	if (!c) {
		fprintf(stderr, "ernat: unknown command \"%s\"; try ernat --help\n", argv[0]);
		return EXIT_USAGE;
	}
	if (want_help) {
		printf("Usage: %s %s\n  %s\n", opts.progname, c->synopsis, c->description);
		return finish(EXIT_OK);
	}
	return finish(c->main(argc, argv));
}
