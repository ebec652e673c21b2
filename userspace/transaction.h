/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transaction: a whole ruleset to the kernel, and its refusals back to the
 * places in the file that they are about.
 */
#ifndef _ERNAT_TRANSACTION_H
#define _ERNAT_TRANSACTION_H

#include "config.h"

/*
 * Sends @cfg, which is in @c's namespace the ruleset from then on; with @check
 * the kernel only validates. *@generation is that of what runs afterwards.
 * Returns false after having reported.
 */
bool transaction_run(struct client *c, struct config *cfg, bool check, uint32_t *generation);

#endif
