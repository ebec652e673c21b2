/* SPDX-License-Identifier: GPL-2.0 */
/* rule: attributes of a rule, and whether it makes sense as a whole. */
#ifndef _ERNAT_RULE_H
#define _ERNAT_RULE_H

#include "transaction.h"

/* @tb: attributes of @nest, by type. @r: has its account; freed by the caller. */
int ernat_rule_fill(struct ernat_transaction *tr, const struct nlattr *nest,
		    struct nlattr **tb, struct ernat_rule *r);

#endif /* _ERNAT_RULE_H */
