/* SPDX-License-Identifier: GPL-2.0 */
/*
 * index: which rules a flow can match at all.
 *
 * Each rule is stored by the values of one of its keys, the one by which the
 * fewest rules would stand together; the few that have no key with exact values
 * are in one list that every flow goes through.
 */
#ifndef _ERNAT_INDEX_H
#define _ERNAT_INDEX_H

#include "route.h"
#include "ruleset.h"

int ernat_index_compile(struct ernat_ruleset *rs);
void ernat_index_free(struct ernat_ruleset *rs);

/* Number of the first rule that matches, or U32_MAX. */
u32 ernat_index_match(const struct ernat_ruleset *rs, struct ernat_flow *flow);

#endif /* _ERNAT_INDEX_H */
