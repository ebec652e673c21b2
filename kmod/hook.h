/* SPDX-License-Identifier: GPL-2.0 */
/* hook: packets in, decisions out. */
#ifndef _ERNAT_HOOK_H
#define _ERNAT_HOOK_H

#include "net.h"
#include "route.h"
#include "ruleset.h"

/**
 * struct ernat_explain - a packet to explain, and what was found
 * @in: device name or ""; filled in with what was assumed
 * @flow: filled in by the caller: family, protocol, addresses, ports, mark, tos;
 *	its devices and routes are filled in here
 * @skip: enum ernat_skip
 * @rule: NULL: none matched
 * @address: preferred pool address when @has_address
 * @skb: made here, freed by ernat_hook_explain_done()
 */
struct ernat_explain {
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
int ernat_hook_explain(struct ernat_net *en, const struct ernat_ruleset *rs,
		       struct ernat_explain *x, struct netlink_ext_ack *extack);
void ernat_hook_explain_done(struct ernat_explain *x);

/* Registers what @rs (NULL: nothing) needs. Under &ernat_net.lock. May sleep. */
int ernat_hook_update(struct ernat_net *en, const struct ernat_ruleset *rs);

#endif /* _ERNAT_HOOK_H */
