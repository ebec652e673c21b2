/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decision: what the kernel would do with a packet and why, for explain. */
#ifndef _ERNAT_DECISION_H
#define _ERNAT_DECISION_H

#include <stdbool.h>
#include <libmnl/libmnl.h>
#include <linux/ernat.h>

#include "session.h"

/* struct flow - the packet, as it was asked about */
struct flow {
	const struct nlattr *tb[ERNAT_FLOW_MAX + 1];
};

/**
 * struct decision - the answer
 * @nest: all of it, for the steps
 * @tb: its attributes by type
 * @route: those of the packet's route
 * @back: those of the route back, where a rule asked for it
 * @session: those of the live session, if there is one
 */
struct decision {
	const struct nlattr *nest;
	const struct nlattr *tb[ERNAT_DECISION_MAX + 1];
	const struct nlattr *route[ERNAT_ROUTE_MAX + 1];
	const struct nlattr *back[ERNAT_ROUTE_MAX + 1];
	const struct nlattr *session[ERNAT_SESSION_MAX + 1];
};

/* False with errno EBADMSG when the message is none. */
bool decision_parse(struct decision *d, const struct nlmsghdr *nlh);
void decision_json(const struct decision *d);
void decision_print(const struct decision *d, const struct flow *flow);

#endif /* _ERNAT_DECISION_H */
