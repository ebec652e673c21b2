/* SPDX-License-Identifier: GPL-2.0 */
/* probe: what would be decided for a packet that is not sent. */
#ifndef _ERNAT_PROBE_H
#define _ERNAT_PROBE_H

#include "flow.h"
#include "net.h"
#include "ruleset.h"

/**
 * struct ernat_probe - a packet that is only looked at, and what was found
 * @in: device name or ""; filled in with what was assumed
 * @flow: filled in by the caller: family, protocol, addresses, ports, mark, tos;
 *	its devices and routes are filled in here
 * @skip: enum ernat_skip
 * @rule: NULL: none matched
 * @address: preferred pool address when @has_address
 * @skb: made here, freed by ernat_probe_done()
 */
struct ernat_probe {
	struct ernat_flow flow;
	char in[ERNAT_DEV_MAX];
	u8 skip;
	const struct ernat_rule *rule;
	bool has_address;
	bool paired;
	union nf_inet_addr address;
	struct sk_buff *skb;
};

/*
 * Under rcu_read_lock(), which the caller holds until it has used what @x
 * points to. Return: 0 or -errno with text in @extack.
 */
int ernat_probe_run(struct ernat_net *en, const struct ernat_ruleset *rs,
		    struct ernat_probe *x, struct netlink_ext_ack *extack);
void ernat_probe_done(struct ernat_probe *x);

#endif /* _ERNAT_PROBE_H */
