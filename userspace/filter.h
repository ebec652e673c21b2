/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter: words of the command line that choose sessions, hosts, events and so on. */
#ifndef _ERNAT_FILTER_H
#define _ERNAT_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include <linux/ernat.h>

#include "range.h"

/* Of events, and of sessions; other views have less. */
#define FILTER_EVENTS_SYNOPSIS                                           \
	"[pool P] [rule R] [route-source S] [host A] [mapped A[:PORT]] " \
	"[dest A[:PORT]] [protocol P]"
#define FILTER_SYNOPSIS FILTER_EVENTS_SYNOPSIS " [vrf V]"
#define FILTER_EVENTS_WORDS                                   \
	"pool=POOL rule=RULE route-source=SOURCE host=VALUE " \
	"mapped=VALUE dest=VALUE protocol=PROTOCOL"
#define FILTER_WORDS FILTER_EVENTS_WORDS " vrf=DEVICE"

#define FILTER_BIT(attr) (1U << (attr))
/* Every key but the VRF, which sessions alone have */
#define FILTER_EVENTS                                                           \
	(FILTER_BIT(ERNAT_FILTER_POOL) | FILTER_BIT(ERNAT_FILTER_RULE) |        \
	 FILTER_BIT(ERNAT_FILTER_SOURCE) | FILTER_BIT(ERNAT_FILTER_HOST) |      \
	 FILTER_BIT(ERNAT_FILTER_HOST_PORT) | FILTER_BIT(ERNAT_FILTER_MAPPED) | \
	 FILTER_BIT(ERNAT_FILTER_MAPPED_PORT) | FILTER_BIT(ERNAT_FILTER_DEST) | \
	 FILTER_BIT(ERNAT_FILTER_DEST_PORT) | FILTER_BIT(ERNAT_FILTER_PROTOCOL))
#define FILTER_SESSIONS (FILTER_EVENTS | FILTER_BIT(ERNAT_FILTER_VRF))

/**
 * struct filter_view - what a command lets one choose by
 * @command: for messages: "show host"
 * @keys: FILTER_BIT() of each enum ernat_filter_attr that it knows
 * @bare: the one that an address without a word before it stands for, or 0
 */
struct filter_view {
	const char *command;
	uint32_t keys;
	uint16_t bare;
};

union filter_value {
	const char *name;
	struct range range;
	uint16_t port;
	uint8_t protocol;
};

/* struct filter - what was said: FILTER_BIT()s in @has, values by attribute in @v */
struct filter {
	const struct filter_view *view;
	uint32_t has;
	union filter_value v[ERNAT_FILTER_MAX + 1];
};

/*
 * Reads words of the command line, which have to stay where they are. False,
 * after one line on stderr that names it, when a word is wrong.
 */
bool filter_read(struct filter *f, const struct filter_view *view, int argc, char **argv);

/* Adds ERNAT_A_FILTER to a message; nothing where nothing was said. */
void filter_put(struct nlmsghdr *nlh, const struct filter *f);

/*
 * Does all that was said hold of these attributes? @types[ERNAT_FILTER_MAX + 1]
 * says which of them is the pool, the host and so on; 0: it has none. What is
 * absent matches nothing.
 */
bool filter_matches(const struct filter *f, const struct nlattr *const *tb, const uint16_t *types);

#endif /* _ERNAT_FILTER_H */
