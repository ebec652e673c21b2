/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: what pools, route sources and rules have done, as the kernel tells it. */
#ifndef _ERNAT_USAGE_H
#define _ERNAT_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/ernat.h>

#include "client.h"

/* struct usage_range - some addresses of a pool */
struct usage_range {
	const struct nlattr *first;
	const struct nlattr *last;
	uint8_t state;
	uint64_t sessions;
};

/**
 * struct usage - one object
 * @tb: its attributes by type, from the nest of its kind; they live as long
 *	as the list
 * @range: of a pool, its addresses
 * @n_ranges: how many
 */
struct usage {
	const struct nlattr *tb[ERNAT_POOL_USAGE_MAX + 1];
	struct usage_range *range;
	unsigned int n_ranges;
};

/* struct usage_list - one consistent picture; zero it first, free it in any case */
struct usage_list {
	struct usage *v;
	unsigned int n;
	char *data;
	size_t len;
	size_t size;
};

/*
 * Asks for all objects of a kind (ERNAT_CMD_GET_POOL, _GET_SOURCE or
 * _GET_RULE), or for the one of that name. False, after having said why, when
 * they cannot be had.
 */
bool usage_get(struct client *c, uint8_t cmd, const char *name, struct usage_list *list);
void usage_free(struct usage_list *list);

/* Its two halves: MNL callback that keeps a reply; reads what was kept. */
int usage_keep(const struct nlmsghdr *nlh, void *list);
bool usage_read(struct usage_list *list, uint8_t cmd);

/* How much of what one destination can hold the busiest one of a pool uses. */
double usage_busiest_percent(const struct usage *pool);

/* "active", "standby", "drain" */
const char *usage_state(uint8_t state);
/* "none", "microsoft", ... */
const char *usage_role(uint8_t role);
/* "snat", "exempt", "drop" */
const char *usage_action(uint8_t action);

/* One object as a JSON object with the keys that ernat(8) documents. */
void usage_pool_json(const struct usage *pool);
/* Its key "busiest" alone */
void usage_busiest_json(const struct usage *pool);
/* @routes: how many routes it has; NULL: not counted, and no such key. */
void usage_source_json(const struct usage *source, const uint64_t *routes);

#endif /* _ERNAT_USAGE_H */
