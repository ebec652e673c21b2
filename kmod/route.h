/* SPDX-License-Identifier: GPL-2.0 */
/*
 * route: which route source a flow takes, forward ("to") and back ("return").
 */
#ifndef _ERNAT_ROUTE_H
#define _ERNAT_ROUTE_H

#include "flow.h"
#include "net.h"
#include "ruleset.h"

/* Both remember their answer in @flow. Return: the source or NULL for none. */
const struct ernat_source *ernat_route_to(const struct ernat_ruleset *rs,
					  struct ernat_flow *flow);
const struct ernat_source *ernat_route_return(const struct ernat_ruleset *rs,
					      struct ernat_flow *flow);

#endif /* _ERNAT_ROUTE_H */
