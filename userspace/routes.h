/* SPDX-License-Identifier: GPL-2.0-or-later */
/* routes: how many of the routes there are belong to which route source. */
#ifndef _ERNAT_ROUTES_H
#define _ERNAT_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "config.h"

/* struct route_counts - @count: by index of the route source in @cfg */
struct route_counts {
	struct config *cfg;
	uint64_t *count;
};

/*
 * Reads every routing table of the network namespace, in constant memory. A
 * route with next hops of several sources counts for each of them. False,
 * silently, when the ruleset or the routes cannot be read.
 */
bool routes_count(struct client *c, struct route_counts *counts);

/* NULL: no route source of that name, or nothing was counted. */
const uint64_t *routes_of(const struct route_counts *counts, const char *source);
void routes_free(struct route_counts *counts);

#endif /* _ERNAT_ROUTES_H */
