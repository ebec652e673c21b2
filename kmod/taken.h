/* SPDX-License-Identifier: GPL-2.0 */
/* taken: which pool of a transaction has an address, so that no other gets it. */
#ifndef _ERNAT_TAKEN_H
#define _ERNAT_TAKEN_H

#include "transaction.h"

/* Takes the members of @pool. Return: 0, -ENOMEM, or -EEXIST with a text. */
int ernat_taken_add(struct ernat_transaction *tr, struct ernat_pool *pool,
		    const struct nlattr *attr);
void ernat_taken_remove(struct ernat_transaction *tr,
			const struct ernat_pool *pool);
void ernat_taken_free(struct ernat_transaction *tr);

#endif /* _ERNAT_TAKEN_H */
