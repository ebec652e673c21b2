/* SPDX-License-Identifier: GPL-2.0 */
/* flow: what a decision knows of the first packet of a connection. */
#ifndef _ERNAT_FLOW_H
#define _ERNAT_FLOW_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

struct ernat_ruleset;
struct ernat_source;
struct nf_conn;

/**
 * struct ernat_route - a route as a predicate sees it
 * @known: @table .. @prefix_len are those of a route that was found
 * @looked_up: @source was decided (NULL: none)
 * @dev: of the leg taken; for a route back, of the first leg
 * @via_family: 0 when on link
 * @lookup: the attributes are of the source's own "lookup" table
 */
struct ernat_route {
	const struct ernat_source *source;
	bool looked_up;
	bool known;
	bool lookup;
	u8 protocol;
	u8 prefix_len;
	u8 via_family;
	u32 table;
	u32 metric;
	u32 realm;
	union nf_inet_addr prefix;
	union nf_inet_addr via;
	const struct net_device *dev;
};

/**
 * struct ernat_flow - what a decision knows of a connection's first packet
 * @skb: the packet, with its dst
 * @in: device it came in by, NULL if it is the router's own or unknown
 * @in_vrf: l3 master of @in, or NULL
 * @iif: device that routing took it to come in by (in a VRF, the l3 master)
 * @out: device it leaves by
 * @out_vrf: l3 master of @out, or NULL
 * @explain: a person asks: look routes up even where no rule needs it
 * @own: its source is an address of this router
 * @saddr: before translation
 * @daddr: after any DNAT
 * @sport: host order; ICMP: the id
 * @dport: host order; ICMP: 0
 * @to: memo of ernat_route_to()
 * @back: memo of ernat_route_return()
 *
 * Lives on the stack of one softirq, under rcu_read_lock().
 */
struct ernat_flow {
	struct net *net;
	struct sk_buff *skb;
	const struct net_device *in;
	const struct net_device *in_vrf;
	const struct net_device *out;
	const struct net_device *out_vrf;
	int iif;
	u8 family;
	u8 protocol;
	u8 tos;
	bool own;
	bool explain;
	u32 mark;
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
	u16 sport;
	u16 dport;
	struct ernat_route to;
	struct ernat_route back;
};

/* Of a protocol that is neither, a mapping is an address alone. */
bool ernat_flow_has_ports(u8 protocol);
bool ernat_flow_is_icmp(u8 protocol);

/* Fills @flow, whose net and skb are set, from a packet in POSTROUTING. */
void ernat_flow_from_packet(struct ernat_flow *flow, const struct nf_conn *ct,
			    const struct nf_hook_state *state);

/* Fills in, out and what follows from them; addresses and family are set. */
void ernat_flow_set_devices(struct ernat_flow *flow,
			    const struct net_device *in,
			    const struct net_device *out);

/* enum ernat_skip: why the rules are not asked about this packet. */
u8 ernat_flow_skip(const struct ernat_ruleset *rs,
		   const struct ernat_flow *flow);

#endif /* _ERNAT_FLOW_H */
