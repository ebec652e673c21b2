// SPDX-License-Identifier: GPL-2.0
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "pool.h"
#include "probe.h"
#include "route.h"

/*
 * A packet that is routed like a real one and then only looked at, so that an
 * answer comes out of the very code that decides.
 */

static bool probe_is_own(const struct ernat_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return ipv6_chk_addr(flow->net, &flow->saddr.in6, NULL, 0);
	return inet_addr_type(flow->net, flow->saddr.ip) == RTN_LOCAL;
}

/* Before routing, which takes a unicast packet for granted here. */
static bool probe_is_multicast(const struct ernat_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return ipv6_addr_is_multicast(&flow->daddr.in6);
	return ipv4_is_multicast(flow->daddr.ip) ||
	       ipv4_is_lbcast(flow->daddr.ip);
}

/* Where packets from the source would come from, if nobody says. */
static struct net_device *route_back_dev(const struct ernat_flow *flow)
{
	struct flowi4 fl4 = { .daddr = flow->saddr.ip };
	struct net_device *dev = NULL;
	struct fib_result res = {};
	struct dst_entry *dst;
	struct flowi6 fl6 = {};

	if (flow->family == NFPROTO_IPV4) {
		if (!fib_lookup(flow->net, &fl4, &res, 0) && res.nhc)
			dev = res.nhc->nhc_dev;
		return dev;
	}
	fl6.daddr = flow->saddr.in6;
	dst = ip6_route_output(flow->net, NULL, &fl6);
	if (!dst->error)
		dev = dst->dev;		/* under RCU it outlives the dst */
	dst_release(dst);
	return dev;
}

static struct sk_buff *probe_packet(const struct ernat_flow *flow)
{
	struct ipv6hdr *ip6;
	struct sk_buff *skb;
	struct iphdr *ip;

	skb = alloc_skb(LL_MAX_HEADER + sizeof(*ip6) + 64, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->mark = flow->mark;
	if (flow->family == NFPROTO_IPV4) {
		ip = skb_put_zero(skb, sizeof(*ip) + 8);
		ip->version = 4;
		ip->ihl = 5;
		ip->ttl = 64;
		ip->tos = flow->tos;
		ip->protocol = flow->protocol;
		ip->saddr = flow->saddr.ip;
		ip->daddr = flow->daddr.ip;
		skb->protocol = htons(ETH_P_IP);
		skb_set_transport_header(skb, sizeof(*ip));
	} else {
		ip6 = skb_put_zero(skb, sizeof(*ip6) + 8);
		ip6_flow_hdr(ip6, flow->tos, 0);
		ip6->nexthdr = flow->protocol;
		ip6->hop_limit = 64;
		ip6->saddr = flow->saddr.in6;
		ip6->daddr = flow->daddr.in6;
		skb->protocol = htons(ETH_P_IPV6);
		skb_set_transport_header(skb, sizeof(*ip6));
	}
	return skb;
}

/* The stack shows a packet of a VRF as having come in by its master. */
static void probe_set_dev(struct ernat_flow *flow, struct net_device *in)
{
	struct net_device *vrf = l3mdev_master_dev_rcu(in);

	flow->skb->dev = vrf ?: in;
	flow->skb->skb_iif = in->ifindex;
	if (flow->family == NFPROTO_IPV6)
		IP6CB(flow->skb)->iif = in->ifindex;
	else
		IPCB(flow->skb)->iif = in->ifindex;
}

static int route_in4(struct ernat_flow *flow)
{
	/* As in IP input, the packet's ports count where rules ask for them. */
	return ip_route_input_noref(flow->skb, flow->daddr.ip, flow->saddr.ip,
				    flow->tos, flow->skb->dev);
}

static int route_in6(struct ernat_flow *flow)
{
	struct flowi6 fl6 = {
		.flowi6_iif = flow->skb->dev->ifindex,
		.daddr = flow->daddr.in6,
		.saddr = flow->saddr.in6,
		.flowlabel = ip6_make_flowinfo(flow->tos, 0),
		.flowi6_mark = flow->mark,
		.flowi6_proto = flow->protocol,
	};
	struct dst_entry *dst;

	dst = ip6_route_input_lookup(flow->net, flow->skb->dev, &fl6, flow->skb,
				     RT6_LOOKUP_F_HAS_SADDR);
	skb_dst_set(flow->skb, dst);
	return dst->error;
}

static int route_own(struct ernat_flow *flow)
{
	struct flowi6 fl6 = {
		.daddr = flow->daddr.in6,
		.saddr = flow->saddr.in6,
		.flowi6_mark = flow->mark,
		.flowi6_proto = flow->protocol,
	};
	struct flowi4 fl4 = {
		.daddr = flow->daddr.ip,
		.saddr = flow->saddr.ip,
		.flowi4_mark = flow->mark,
		.flowi4_proto = flow->protocol,
	};
	struct dst_entry *dst;
	struct rtable *rt;

	if (flow->family == NFPROTO_IPV6) {
		dst = ip6_route_output(flow->net, NULL, &fl6);
		skb_dst_set(flow->skb, dst);
		return dst->error;
	}
	rt = ip_route_output_key(flow->net, &fl4);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	skb_dst_set(flow->skb, &rt->dst);
	return 0;
}

static struct net_device *probe_in(struct ernat_probe *x)
{
	if (x->in[0])
		return dev_get_by_name_rcu(x->flow.net, x->in);
	return route_back_dev(&x->flow);
}

int ernat_probe_run(struct ernat_net *en, const struct ernat_ruleset *rs,
		    struct ernat_probe *x, struct netlink_ext_ack *extack)
{
	struct ernat_flow *flow = &x->flow;
	const struct ernat_pool *pool;
	struct net_device *in = NULL;
	int err;

	flow->net = en->net;
	flow->explain = true;
	if (probe_is_multicast(flow)) {
		x->skip = ERNAT_SKIP_MULTICAST;
		return 0;
	}
	flow->own = !x->in[0] && probe_is_own(flow);
	flow->skb = probe_packet(flow);
	x->skb = flow->skb;
	if (!flow->skb)
		return -ENOMEM;
	if (!flow->own) {
		in = probe_in(x);
		if (!in) {
			NL_SET_ERR_MSG(extack,
				       "no such device, or no route to the source by which to guess it");
			return -ENODEV;
		}
		strscpy(x->in, in->name, sizeof(x->in));
		probe_set_dev(flow, in);
		err = flow->family == NFPROTO_IPV6 ? route_in6(flow) :
						     route_in4(flow);
	} else {
		err = route_own(flow);
	}
	if (err || !skb_dst(flow->skb)) {
		x->skip = ERNAT_SKIP_UNROUTABLE;
		return 0;
	}
	ernat_flow_set_devices(flow, in ? flow->skb->dev : NULL,
			       skb_dst(flow->skb)->dev);
	x->skip = ernat_flow_skip(rs, flow);
	if (x->skip)
		return 0;
	ernat_route_to(rs, flow);
	x->rule = ernat_ruleset_match(rs, flow);
	pool = x->rule ? x->rule->pool : NULL;
	for (; pool && !x->has_address; pool = pool->overflow)
		x->has_address = !ernat_pool_preferred(en, pool, flow->family, 0,
						       &flow->saddr,
						       &x->address, &x->paired);
	return 0;
}

void ernat_probe_done(struct ernat_probe *x)
{
	kfree_skb(x->skb);
	x->skb = NULL;
}
