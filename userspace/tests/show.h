/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of printers have in common: stdout as a string, messages as the kernel sends them. */
#ifndef _ERNAT_TESTS_SHOW_H
#define _ERNAT_TESTS_SHOW_H

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static unsigned int n_tests;
static unsigned int n_failed;

static inline void ok(bool good, const char *what)
{
	fprintf(stderr, "%sok %u - %s\n", good ? "" : "not ", ++n_tests, what);
	n_failed += !good;
}

/* -- stdout as a string --------------------------------------------------- */

static FILE *real_stdout;
static char *captured;
static size_t captured_len;

static inline void capture(void)
{
	real_stdout = stdout;
	stdout = open_memstream(&captured, &captured_len);
}

/* What was printed since; good until the next one. */
static inline const char *release(void)
{
	static char text[65536];

	fclose(stdout);
	stdout = real_stdout;
	snprintf(text, sizeof(text), "%s", captured);
	free(captured);
	return text;
}

static inline void is(const char *got, const char *want, const char *what)
{
	bool same = !strcmp(got, want);

	ok(same, what);
	if (!same)
		fprintf(stderr, "# got:\n%s\n# wanted:\n%s\n", got, want);
}

/* -- messages ------------------------------------------------------------- */

static char buf[65536];

static inline struct nlmsghdr *begin(void)
{
	struct nlmsghdr *nlh;

	memset(buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NLMSG_MIN_TYPE;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

static inline void put_addr(struct nlmsghdr *nlh, uint16_t type, const char *text)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	uint8_t addr[16];

	inet_pton(family, text, addr);
	mnl_attr_put(nlh, type, family == AF_INET ? 4 : 16, addr);
}

static inline const struct nlattr *find(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];

	client_parse(nlh, tb);
	return tb[type];
}

/* The words of a line; they live until the next one. */
static inline int split(const char *line, char *argv[32])
{
	static char copy[512];
	char *state = NULL, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

/* stdout is what is tested, so TAP takes the other way. */
static inline int finish(void)
{
	fprintf(stderr, "1..%u\n", n_tests);
	return n_failed != 0;
}

#endif /* _ERNAT_TESTS_SHOW_H */
