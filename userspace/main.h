/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main: the table of commands and the options that all of them know. */
#ifndef _ERNAT_MAIN_H
#define _ERNAT_MAIN_H

#include <stdbool.h>

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* the request failed */
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

/*
 * Each takes what follows the options (argv[0] is the command's name) and
 * returns an enum exit_code.
 */
int apply_main(int argc, char **argv);
int diff_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int flush_main(int argc, char **argv);
int show_main(int argc, char **argv);
int show_config_main(int argc, char **argv);
int status_main(int argc, char **argv);
int version_main(int argc, char **argv);

/* Prints the synopsis of the command on stderr. Returns EXIT_USAGE. */
int usage_error(const char *command);

#endif /* _ERNAT_MAIN_H */
