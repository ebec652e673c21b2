/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source: the route sources of a ruleset, and which one a route belongs to.
 *
 * A domain is where route attributes come from: 0 is the router's own routing,
 * 1 + n the table that @lookups[n] of the ruleset names.
 */
#ifndef _ERNAT_SOURCE_H
#define _ERNAT_SOURCE_H

#include "flow.h"
#include "ruleset.h"

/* Of two sources, either of which may be NULL, the one that stands first. */
static inline const struct ernat_source *
ernat_source_first(const struct ernat_source *a, const struct ernat_source *b)
{
	if (!a || !b)
		return a ?: b;
	return a->id < b->id ? a : b;
}

/**
 * ernat_source_pick - the first source of a domain that a route belongs to
 * @rs: ruleset, under rcu_read_lock()
 * @domain: where @r was found
 * @r: route, with one leg
 * @flow: whose family and namespace count
 *
 * Cost does not grow with the sources that name another device, gateway or
 * table. Return: the source, or NULL.
 */
const struct ernat_source *
ernat_source_pick(const struct ernat_ruleset *rs, unsigned int domain,
		  const struct ernat_route *r, const struct ernat_flow *flow);

/* Does a source there ask for more than the leg that a packet takes? */
bool ernat_source_needs_route(const struct ernat_ruleset *rs,
			      unsigned int domain);

/* Compiles @rs->sources for lookup. Return: 0 or -ENOMEM. May sleep. */
int ernat_source_compile(struct ernat_ruleset *rs);
void ernat_source_compiled_free(struct ernat_ruleset *rs);

#endif /* _ERNAT_SOURCE_H */
