/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_warn: what the kernel takes, but an operator should hear of. */
#ifndef _ERNAT_APPLY_WARN_H
#define _ERNAT_APPLY_WARN_H

#include "config.h"

/*
 * In the network namespace that the process is in. @router_given: the router's
 * name was said now, not once before.
 */
void apply_warn(struct config *cfg, bool router_given);

#endif
