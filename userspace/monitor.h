/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor: events as they come, and what is known of those that did not. */
#ifndef _ERNAT_MONITOR_H
#define _ERNAT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "filter.h"

/**
 * struct monitor - what the groups have in common
 * @filter: events that are wanted
 * @count: how many of these to print, 0: all that come
 * @printed: how many were
 */
struct monitor {
	struct filter filter;
	uint32_t count;
	uint32_t printed;
};

/**
 * struct monitor_group - a multicast group
 * @seq: number of its last event, where @started
 * @overrun: the kernel dropped some, and no gap has told yet how many
 */
struct monitor_group {
	const char *name;
	struct monitor *monitor;
	uint64_t seq;
	bool started;
	bool overrun;
};

/* All that was asked for is printed. */
bool monitor_done(const struct monitor *m);

/* MNL callback: an event of this group; first says how many are missing before it. */
int monitor_take(const struct nlmsghdr *nlh, void *group);

/* The group has nothing more for now: what was dropped is not to wait for the next event. */
void monitor_idle(struct monitor_group *g);

#endif /* _ERNAT_MONITOR_H */
