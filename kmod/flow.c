// SPDX-License-Identifier: GPL-2.0
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "flow.h"
#include "ruleset.h"

bool ernat_flow_has_ports(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	default:
		return false;
	}
}

bool ernat_flow_is_icmp(u8 protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* From the tuples: the reply's knows where any DNAT sends the packet. */
static void flow_addresses(struct ernat_flow *flow, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig, *reply;

	orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	flow->protocol = orig->dst.protonum;
	flow->saddr = orig->src.u3;
	flow->daddr = reply->src.u3;
	if (ernat_flow_is_icmp(flow->protocol)) {
		flow->sport = ntohs(orig->src.u.icmp.id);
	} else if (ernat_flow_has_ports(flow->protocol)) {
		flow->sport = ntohs(orig->src.u.all);
		flow->dport = ntohs(reply->src.u.all);
	}
}

static u8 packet_tos(const struct sk_buff *skb, u8 family)
{
	if (family == NFPROTO_IPV6)
		return ipv6_get_dsfield(ipv6_hdr(skb));
	return ip_hdr(skb)->tos;
}

static int packet_iif(const struct sk_buff *skb, u8 family)
{
	if (family == NFPROTO_IPV6)
		return IP6CB(skb)->iif;
	return IPCB(skb)->iif;
}

static bool addr_is_local(const struct ernat_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return ipv6_chk_addr_and_flags(flow->net, &flow->saddr.in6,
					       flow->out, true, 0,
					       IFA_F_TENTATIVE);
	return inet_addr_type_dev_table(flow->net, flow->out,
					flow->saddr.ip) == RTN_LOCAL;
}

/*
 * The router's own packets are known by their source. A tunnel's outer packets
 * look as if they came in by the tunnel, so the device does not tell; that an
 * IPv4 route was looked up for input does.
 */
static bool flow_is_own(const struct ernat_flow *flow)
{
	if (!skb_dst(flow->skb))
		return false;
	if (flow->family == NFPROTO_IPV4 &&
	    rt_is_input_route(skb_rtable(flow->skb)))
		return false;
	return addr_is_local(flow);
}

void ernat_flow_set_devices(struct ernat_flow *flow,
			    const struct net_device *in,
			    const struct net_device *out)
{
	flow->out = out;
	flow->out_vrf = l3mdev_master_dev_rcu(out);
	flow->iif = in ? in->ifindex : LOOPBACK_IFINDEX;
	flow->own = flow_is_own(flow);
	if (!in)
		return;
	flow->in_vrf = l3mdev_master_dev_rcu(in);
	flow->in = in;
	/* In a VRF the stack shows its master; the slave is in the packet. */
	if (netif_is_l3_master(in)) {
		flow->in_vrf = in;
		flow->in = dev_get_by_index_rcu(flow->net,
						packet_iif(flow->skb,
							   flow->family));
	}
}

static bool flow_is_multicast(const struct ernat_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return ipv6_addr_is_multicast(&flow->daddr.in6) ||
		       ipv6_addr_type(&flow->daddr.in6) & IPV6_ADDR_LINKLOCAL;
	return skb_rtable(flow->skb)->rt_flags &
	       (RTCF_BROADCAST | RTCF_MULTICAST);
}

static bool flow_is_local(const struct ernat_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return container_of(skb_dst(flow->skb), struct rt6_info,
				    dst)->rt6i_flags & RTF_LOCAL;
	return skb_rtable(flow->skb)->rt_flags & RTCF_LOCAL;
}

u8 ernat_flow_skip(const struct ernat_ruleset *rs, const struct ernat_flow *flow)
{
	struct dst_entry *dst = skb_dst(flow->skb);

	if (!dst || dst->error)
		return ERNAT_SKIP_UNROUTABLE;
	if (dst_xfrm(dst))
		return ERNAT_SKIP_XFRM;
	if (flow_is_multicast(flow))
		return ERNAT_SKIP_MULTICAST;
	if (flow_is_local(flow))
		return ERNAT_SKIP_LOCAL;
	if (flow->own && !rs->needs_local)
		return ERNAT_SKIP_OWN;
	return ERNAT_SKIP_NONE;
}

void ernat_flow_from_packet(struct ernat_flow *flow, const struct nf_conn *ct,
			    const struct nf_hook_state *state)
{
	flow->family = state->pf;
	flow_addresses(flow, ct);
	flow->tos = packet_tos(flow->skb, flow->family);
	flow->mark = flow->skb->mark;
	ernat_flow_set_devices(flow, state->in, state->out);
}
