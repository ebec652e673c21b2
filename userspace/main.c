// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "main.h"
#include "print.h"

struct ernat_opts opts = { .progname = "ernat" };

static const struct command show_commands[] = {
	{ "pool", show_pool_main, "show pool [NAME]",
	  "addresses, usage and counters of all pools, or all about one", "=POOL", NULL },
	{ "route-source", show_route_source_main, "show route-source [NAME]",
	  "connections and sessions by route source", "=SOURCE", NULL },
	{ "rule", show_rule_main, "show rule [NAME]",
	  "hits, sessions and failures by rule, in the order in which they are tried", "=RULE",
	  NULL },
	{ "session", show_session_main, "show session " FILTER_SYNOPSIS,
	  "sessions that live; all that is said of them has to hold", FILTER_WORDS, NULL },
	{ "host", show_host_main, "show host [A] [host A] [pool P] [--top N]",
	  "inside hosts, their sessions and last failure; the N with most sessions",
	  "host=VALUE pool=POOL --top=VALUE", NULL },
	{ "destination", show_destination_main,
	  "show destination [A[:PORT]] [dest A[:PORT]] [pool P] [protocol P] [--top N]",
	  "what each destination takes of a pool; the N that are nearest to its end",
	  "dest=VALUE pool=POOL protocol=PROTOCOL --top=VALUE", NULL },
	{ "event", show_event_main, "show event " FILTER_EVENTS_SYNOPSIS,
	  "the last failures, alarms and changes, oldest first", FILTER_EVENTS_WORDS, NULL },
	{ "stats", show_stats_main, "show stats", "every counter, with its meaning", "", NULL },
	{ "config", show_config_main, "show config [NAME] [--file FILE]",
	  "the ruleset that runs, as a file that apply takes", "=NAME --file=FILE", NULL },
	{ .name = NULL }
};

static const struct command clear_commands[] = {
	{ "session", clear_session_main, "clear session all | " FILTER_SYNOPSIS,
	  "end sessions: all, or those of which everything holds that is said", "all " FILTER_WORDS,
	  NULL },
	{ .name = NULL }
};

const struct command commands[] = {
	{ "adopt", adopt_main, "adopt",
	  "make sessions of connections that have a pool's mapping, end those that lack it", "",
	  NULL },
	{ "apply", apply_main, "apply FILE [--check] [--router NAME]",
	  "make FILE the ruleset, all of it or nothing; --check only asks whether it could be",
	  "=FILE --check --router=VALUE", NULL },
	{ "clear", NULL, "clear session FILTER|all", "end what lives", "", clear_commands },
	{ "diff", diff_main, "diff FILE", "what applying FILE would change", "=FILE", NULL },
	{ "explain", explain_main,
	  "explain from A to B [in DEV] [protocol P] [sport N] [dport N] [mark N]",
	  "what would be decided for such a packet, and why",
	  "from=VALUE to=VALUE in=DEVICE protocol=PROTOCOL sport=VALUE dport=VALUE mark=VALUE",
	  NULL },
	{ "flush", flush_main, "flush [--force]",
	  "remove the ruleset; refused while sessions live, --force ends them", "--force", NULL },
	{ "monitor", monitor_main, "monitor " FILTER_EVENTS_SYNOPSIS " [--count N]",
	  "events as they come, a line each; --count ends it after N",
	  FILTER_EVENTS_WORDS " --count=VALUE", NULL },
	{ "show", NULL,
	  "show pool|route-source|rule|session|host|destination|event|stats|config "
	  "[NAME|FILTER] [--top N]",
	  "what there is and what is in use", "", show_commands },
	{ "status", status_main, "status", "one screen: versions, ruleset, pools, conntrack", "",
	  NULL },
	{ "version", version_main, "version", "of the command and of the module", "", NULL },
	{ .name = NULL }
};

static void help_options(FILE *f)
{
	fprintf(f, "\n  -j, --json        print JSON\n"
		   "  -n, --netns NAME  act in that network namespace\n"
		   "  -h, --help        this text; after a command, that command's\n");
}

static void help(FILE *f)
{
	const struct command *c;

	fprintf(f, "Usage: %s [-j] [-n NETNS] COMMAND [ARGUMENTS]\n\n", opts.progname);
	for (c = commands; c->name; c++)
		fprintf(f, "  %s\n        %s\n", c->synopsis, c->description);
	help_options(f);
	fprintf(f, "\nA command may be cut short as long as one alone begins so.\n"
		   "See ernat(8) and ernat.conf(5).\n");
}

static void help_command(FILE *f, const struct command *c)
{
	const struct command *s;

	fprintf(f, "Usage: %s %s\n\n", opts.progname, c->synopsis);
	if (c->sub)
		for (s = c->sub; s->name; s++)
			fprintf(f, "  %s\n        %s\n", s->synopsis, s->description);
	else
		fprintf(f, "  %s\n", c->description);
	help_options(f);
}

const struct command *command_find(const struct command *table, const char *name, bool *ambiguous)
{
	const struct command *found = NULL;
	const struct command *c;
	unsigned int n = 0;

	for (c = table; c->name; c++) {
		if (!strcmp(c->name, name)) {
			n = 1;
			found = c;
			break;
		}
		if (*name && !strncmp(c->name, name, strlen(name))) {
			n++;
			found = c;
		}
	}
	if (ambiguous)
		*ambiguous = n > 1;
	return n == 1 ? found : NULL;
}

int usage_error(const char *command, const char *why)
{
	const char *sub = strchr(command, ' ');
	const struct command *c;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(command, " "), command);
	c = command_find(commands, name, NULL);
	if (c && c->sub && sub)
		c = command_find(c->sub, sub + 1, NULL);
	print_error("%s: %s. Usage: %s %s", command, why, opts.progname, c ? c->synopsis : command);
	return EXIT_USAGE;
}

static int unknown(const struct command *table, const char *name, bool ambiguous)
{
	const char *before = ": ";
	char buf[PRINT_NAME];
	const struct command *c;

	fprintf(stderr, "ernat: %s \"%s\"", ambiguous ? "ambiguous command" : "unknown command",
		print_escape(buf, name));
	for (c = table; ambiguous && c->name; c++) {
		if (strncmp(c->name, name, strlen(name)))
			continue;
		fprintf(stderr, "%s%s", before, c->name);
		before = ", ";
	}
	fprintf(stderr, "%s\n", ambiguous ? "" : "; try ernat --help");
	return EXIT_USAGE;
}

/*
 * Takes the options that every command knows out of argv, up to a "--", which
 * stays for the command to see. Returns the new argc.
 */
static int take_options(int argc, char **argv, bool *want_help)
{
	bool options = true;
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--"))
			options = false;
		if (!options) {
			argv[n++] = argv[i];
		} else if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json")) {
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
		print_error("standard output: %s", strerror(errno));
	return code ? code : EXIT_FAILED;
}

static int run(int argc, char **argv, bool want_help)
{
	const struct command *table = commands;
	const struct command *c;
	bool ambiguous;

	for (;;) {
		c = command_find(table, argv[0], &ambiguous);
		if (!c)
			return unknown(table, argv[0], ambiguous);
		if (!c->sub || argc < 2)
			break;
		table = c->sub;
		argc--;
		argv++;
	}
	if (want_help) {
		help_command(stdout, c);
		return EXIT_OK;
	}
	if (c->sub) {
		help_command(stderr, c);
		return EXIT_USAGE;
	}
	argv[0] = (char *)c->name;
	return c->main(argc, argv);
}

int main(int argc, char **argv)
{
	bool want_help = false;

	/* A reader that has seen enough is no error worth a message. */
	signal(SIGPIPE, SIG_IGN);
	argc--;
	argv++;
	if (argc > 0 && !strcmp(argv[0], "--complete"))
		return finish(complete_main(argc, argv));
	argc = take_options(argc, argv, &want_help);
	if (argc < 0 || (opts.netns && !*opts.netns)) {
		print_error("-n needs the name of a network namespace");
		return EXIT_USAGE;
	}
	if (argc && !strcmp(argv[0], "help")) {
		want_help = true;
		argc--;
		argv++;
	}
	if (argc)
		return finish(run(argc, argv, want_help));
	help(want_help ? stdout : stderr);
	return want_help ? finish(EXIT_OK) : EXIT_USAGE;
}
