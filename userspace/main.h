/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main: the table of commands and the options that all of them know. */
#ifndef _ERNAT_MAIN_H
#define _ERNAT_MAIN_H

#include <stdbool.h>

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* the request failed */
	EXIT_USAGE = 2,
};

/**
 * struct ernat_opts - options before or after the command
 * @json: -j, --json
 * @netns: -n, --netns NAME; NULL: the caller's namespace
 * @progname: for usage texts
 */
struct ernat_opts {
	bool json;
	const char *netns;
	const char *progname;
};

extern struct ernat_opts opts;

/**
 * struct command - a command, or what comes after "show"
 * @name: as typed; a beginning that only one has is enough
 * @main: gets what follows the options (argv[0] is the command's name) and
 *	returns an enum exit_code; NULL where @sub is
 * @synopsis: from the name on, for usage texts
 * @description: one line
 * @words: for completion, what may follow, by spaces; WORD=KIND takes a value
 *	of that kind, =KIND is such a value by itself
 * @sub: commands below this one, the last one's name is NULL
 */
struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *synopsis;
	const char *description;
	const char *words;
	const struct command *sub;
};

extern const struct command commands[];

/*
 * The command of that name or the only one that begins so. *@ambiguous (may
 * be NULL): more than one does.
 */
const struct command *command_find(const struct command *table, const char *name, bool *ambiguous);

int adopt_main(int argc, char **argv);
int apply_main(int argc, char **argv);
int clear_session_main(int argc, char **argv);
int complete_main(int argc, char **argv);
int diff_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int flush_main(int argc, char **argv);
int monitor_main(int argc, char **argv);
int show_config_main(int argc, char **argv);
int show_destination_main(int argc, char **argv);
int show_event_main(int argc, char **argv);
int show_host_main(int argc, char **argv);
int show_pool_main(int argc, char **argv);
int show_route_source_main(int argc, char **argv);
int show_rule_main(int argc, char **argv);
int show_session_main(int argc, char **argv);
int show_stats_main(int argc, char **argv);
int status_main(int argc, char **argv);
int version_main(int argc, char **argv);

/*
 * Prints on stderr, in one line, what is wrong and the synopsis of the command
 * ("apply", "show pool"). Returns EXIT_USAGE.
 */
int usage_error(const char *command, const char *why);

#endif /* _ERNAT_MAIN_H */
