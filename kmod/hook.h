/* SPDX-License-Identifier: GPL-2.0 */
/* hook: packets in, decisions out. */
#ifndef _ERNAT_HOOK_H
#define _ERNAT_HOOK_H

#include "net.h"
#include "ruleset.h"

/* Registers what @rs (NULL: nothing) needs. Under &ernat_net.lock. May sleep. */
int ernat_hook_update(struct ernat_net *en, const struct ernat_ruleset *rs);

#endif /* _ERNAT_HOOK_H */
