/* SPDX-License-Identifier: GPL-2.0 */
/* member: which pool of a ruleset has an address. */
#ifndef _ERNAT_MEMBER_H
#define _ERNAT_MEMBER_H

#include "ruleset.h"

struct ernat_member_index;

/* Return: 0 or -ENOMEM. May sleep. */
int ernat_member_compile(struct ernat_ruleset *rs);
void ernat_member_free(struct ernat_ruleset *rs);

/*
 * The pool with the address, whatever its state, or NULL. Logarithmic cost.
 * Under RCU.
 */
struct ernat_pool *ernat_member_pool(const struct ernat_ruleset *rs, u8 family,
				     const union nf_inet_addr *addr);

#endif /* _ERNAT_MEMBER_H */
