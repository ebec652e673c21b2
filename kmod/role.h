/* SPDX-License-Identifier: GPL-2.0 */
/* role: which route sources a pool may serve, by what lies behind them. */
#ifndef _ERNAT_ROLE_H
#define _ERNAT_ROLE_H

#include "transaction.h"

/**
 * ernat_role_assign - the pool of a rule, and its overflow, serve the rule's "to"
 * @attr: to be pointed at
 *
 * Return: 0, or -EINVAL with a text: one pool for Microsoft and the Internet
 * (R4), an address that is never public for Microsoft (R3), a pool for a private
 * source (R14).
 */
int ernat_role_assign(struct ernat_transaction *tr,
		      const struct ernat_rule *rule, const struct nlattr *attr);

#endif /* _ERNAT_ROLE_H */
