// SPDX-License-Identifier: GPL-2.0
#include <net/ip_fib.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/nexthop.h>
#include <net/route.h>

#include "compat.h"
#include "route.h"
#include "source.h"

#define MAX_LEGS	256	/* of one IPv6 route that are looked at */
#define MAX_SEEN	8192	/* in search of that of a packet */

/* struct route_key - what is asked of the FIB */
struct route_key {
	u8 protocol;
	u8 tos;
	int iif;
	int oif;
	u32 mark;
	u16 sport;
	u16 dport;
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
};

static void key_forward(const struct ernat_flow *flow, struct route_key *k)
{
	*k = (struct route_key) {
		.protocol = flow->protocol, .tos = flow->tos,
		.mark = flow->mark,
		.saddr = flow->saddr, .daddr = flow->daddr,
		.sport = flow->sport, .dport = flow->dport,
		.iif = flow->iif,
	};
	if (!flow->in && flow->out_vrf)
		k->oif = flow->out_vrf->ifindex;
}

/* As an answer would be routed that nobody has marked yet. */
static void key_back(const struct ernat_flow *flow, struct route_key *k)
{
	*k = (struct route_key) {
		.protocol = flow->protocol, .tos = flow->tos,
		.saddr = flow->daddr, .daddr = flow->saddr,
		.sport = flow->dport, .dport = flow->sport,
		.iif = (flow->out_vrf ?: flow->out)->ifindex,
	};
}

/* IPv4 */

static struct fib_table *table4(struct net *net, u32 id)
{
	struct hlist_head *head;
	struct fib_table *tb;

	head = &net->ipv4.fib_table_hash[id & (FIB_TABLE_HASHSZ - 1)];
	hlist_for_each_entry_rcu(tb, head, tb_hlist)
		if (tb->tb_id == id)
			return tb;
	return NULL;
}

static void route_fill4(struct ernat_route *r, const struct fib_result *res)
{
	r->known = true;
	r->protocol = res->fi->fib_protocol;
	r->metric = res->fi->fib_priority;
	r->table = res->table ? res->table->tb_id : 0;
	r->prefix.ip = res->prefix;
	r->prefix_len = res->prefixlen;
}

static void leg_fill(struct ernat_route *r, const struct fib_nh_common *nhc)
{
	r->dev = nhc->nhc_dev;
	r->via_family = 0;
	if (nhc->nhc_gw_family == AF_INET) {
		r->via_family = NFPROTO_IPV4;
		r->via.ip = nhc->nhc_gw.ipv4;
	} else if (nhc->nhc_gw_family == AF_INET6) {
		r->via_family = NFPROTO_IPV6;
		r->via.in6 = nhc->nhc_gw.ipv6;
	}
}

static u32 leg_realm4(const struct fib_result *res,
		      const struct fib_nh_common *nhc)
{
#ifdef CONFIG_IP_ROUTE_CLASSID
	/* Those of nexthop objects have none. */
	if (nhc->nhc_family == AF_INET && !res->fi->nh)
		return container_of(nhc, struct fib_nh, nh_common)->nh_tclassid;
#endif
	return 0;
}

/* Is this the leg that the packet takes? */
static bool leg_is(const struct fib_nh_common *nhc, const struct ernat_route *r)
{
	struct ernat_route leg = {};

	leg_fill(&leg, nhc);
	if (leg.dev != r->dev || leg.via_family != r->via_family)
		return false;
	if (leg.via_family == NFPROTO_IPV4)
		return leg.via.ip == r->via.ip;
	return !leg.via_family || ipv6_addr_equal(&leg.via.in6, &r->via.in6);
}

/* A VRF directs to a table; one that is named needs no direction. */
static void flowi4_fill(const struct route_key *k, unsigned int domain,
			struct flowi4 *fl)
{
	memset(fl, 0, sizeof(*fl));
	fl->daddr = k->daddr.ip;
	fl->saddr = k->saddr.ip;
	fl->flowi4_tos = ernat_route_tos(k->tos);
	fl->flowi4_mark = k->mark;
	fl->flowi4_scope = RT_SCOPE_UNIVERSE;
	fl->flowi4_proto = k->protocol;
	fl->fl4_sport = htons(k->sport);
	fl->fl4_dport = htons(k->dport);
	fl->flowi4_iif = k->iif;
	fl->flowi4_oif = domain ? 0 : k->oif;
}

/* Asks a "lookup" table, or the router's rules when @domain is 0. */
static int lookup4(const struct ernat_ruleset *rs, unsigned int domain,
		   struct net *net, const struct route_key *k,
		   struct fib_result *res)
{
	struct fib_table *tb;
	struct flowi4 fl;

	flowi4_fill(k, domain, &fl);
	memset(res, 0, sizeof(*res));
	if (!domain)
		return fib_lookup(net, &fl, res, 0);
	tb = table4(net, rs->lookups[domain - 1]);
	if (!tb)
		return -ENETUNREACH;
	return fib_table_lookup(tb, &fl, res, FIB_LOOKUP_NOREF);
}

/* The leg is the packet's; the attributes are those of the route with it. */
static void route_to4(const struct ernat_ruleset *rs, struct ernat_flow *flow)
{
	const struct rtable *rt = skb_rtable(flow->skb);
	struct ernat_route *r = &flow->to;
	struct fib_result res;
	struct route_key k;
	int i;

	r->dev = rt->dst.dev;
	if (rt->rt_gw_family == AF_INET) {
		r->via_family = NFPROTO_IPV4;
		r->via.ip = rt->rt_gw4;
	} else if (rt->rt_gw_family == AF_INET6) {
		r->via_family = NFPROTO_IPV6;
		r->via.in6 = rt->rt_gw6;
	}
	if (!ernat_source_needs_route(rs, 0) && !flow->explain)
		return;
	key_forward(flow, &k);
	if (!lookup4(rs, 0, flow->net, &k, &res)) {
		for (i = 0; i < fib_info_num_path(res.fi); i++) {
			const struct fib_nh_common *nhc;

			/* NULL: its group has shrunk meanwhile. */
			nhc = fib_info_nhc(res.fi, i);
			if (!nhc || !leg_is(nhc, r))
				continue;
			route_fill4(r, &res);
#ifdef CONFIG_IP_ROUTE_CLASSID
			r->realm = rt->dst.tclassid;
#endif
			return;
		}
	}
	ernat_count(ernat_net(flow->net), ERNAT_STAT_ROUTE_MISMATCH);
}

/* Best source of all legs (or of those out by @out) of the route for @k. */
static const struct ernat_source *
pick_legs4(const struct ernat_ruleset *rs, unsigned int domain,
	   const struct route_key *k, const struct net_device *out,
	   const struct ernat_flow *flow, struct ernat_route *r)
{
	const struct ernat_source *best = NULL;
	struct fib_result res;
	int i, n;

	if (lookup4(rs, domain, flow->net, k, &res))
		return NULL;
	route_fill4(r, &res);
	r->lookup = domain;
	n = fib_info_num_path(res.fi);
	/* The first leg last, so that it is the one that is shown. */
	for (i = n - 1; i >= 0; i--) {
		const struct fib_nh_common *nhc = fib_info_nhc(res.fi, i);

		/* NULL: its group has shrunk meanwhile. */
		if (!nhc || nhc->nhc_flags & RTNH_F_DEAD ||
		    (out && nhc->nhc_dev != out))
			continue;
		leg_fill(r, nhc);
		r->realm = leg_realm4(&res, nhc);
		best = ernat_source_first(ernat_source_pick(rs, domain, r, flow),
					  best);
	}
	return best;
}

/* IPv6 */

#if IS_ENABLED(CONFIG_IPV6)
static void route_fill6(struct ernat_route *r, const struct fib6_info *f6i)
{
	r->known = true;
	r->protocol = f6i->fib6_protocol;
	r->metric = f6i->fib6_metric;
	r->table = f6i->fib6_table ? f6i->fib6_table->tb6_id : 0;
	r->prefix.in6 = f6i->fib6_dst.addr;
	r->prefix_len = f6i->fib6_dst.plen;
}

static void flowi6_fill(const struct route_key *k, struct flowi6 *fl)
{
	memset(fl, 0, sizeof(*fl));
	fl->daddr = k->daddr.in6;
	fl->saddr = k->saddr.in6;
	fl->flowlabel = ip6_make_flowinfo(k->tos, 0);
	fl->flowi6_mark = k->mark;
	fl->flowi6_proto = k->protocol;
	fl->fl6_sport = htons(k->sport);
	fl->fl6_dport = htons(k->dport);
	fl->flowi6_iif = k->iif;
	fl->flowi6_oif = k->oif;
}

/* Out by a given device only that device's leg is looked for. */
static int lookup6(const struct ernat_ruleset *rs, unsigned int domain,
		   struct net *net, const struct route_key *k,
		   const struct net_device *out, struct fib6_result *res)
{
	int oif = out ? out->ifindex : 0, err;
	struct fib6_table *tb;
	struct flowi6 fl;

	flowi6_fill(k, &fl);
	memset(res, 0, sizeof(*res));
	if (!domain) {
		err = ipv6_stub->fib6_lookup(net, k->oif, &fl, res,
					     RT6_LOOKUP_F_HAS_SADDR);
	} else {
		tb = ipv6_stub->fib6_get_table(net, rs->lookups[domain - 1]);
		if (!tb)
			return -ENETUNREACH;
		err = ipv6_stub->fib6_table_lookup(net, tb, oif, &fl, res,
						   out ? RT6_LOOKUP_F_IFACE : 0);
	}
	if (err)
		return err;
	if (!res->f6i || res->f6i == net->ipv6.fib6_null_entry ||
	    res->fib6_flags & RTF_REJECT || !res->nh)
		return -ENETUNREACH;
	return 0;
}

/* What is done with the legs of a route. @n: how many more are to be seen */
struct visit6 {
	int (*fn)(struct fib6_nh *nh, void *data);
	void *data;
	unsigned int n;
};

static int visit_leg6(struct fib6_nh *nh, void *data)
{
	struct visit6 *v = data;
	int ret = v->fn(nh, v->data);

	return ret ?: (--v->n ? 0 : -E2BIG);
}

static int visit_siblings6(struct fib6_info *f6i, struct visit6 *v)
{
	struct fib6_info *sibling;
	int ret = visit_leg6(f6i->fib6_nh, v);

	if (ret || !READ_ONCE(f6i->fib6_nsiblings))
		return ret;
	/* One that is being removed no longer leads back to the start. */
	list_for_each_entry_rcu(sibling, &f6i->fib6_siblings, fib6_siblings) {
		ret = visit_leg6(sibling->fib6_nh, v);
		if (ret || !READ_ONCE(f6i->fib6_nsiblings))
			return ret;
	}
	return 0;
}

/*
 * Calls @fn for each of the first @max legs of a route: of its nexthop object, or of
 * its siblings; until it returns something else than 0.
 */
static int visit_legs6(struct fib6_info *f6i, unsigned int max,
		       int (*fn)(struct fib6_nh *nh, void *data), void *data)
{
	struct visit6 v = { .fn = fn, .data = data, .n = max };
	int ret;

	ret = f6i->nh ? nexthop_for_each_fib6_nh(f6i->nh, visit_leg6, &v) :
			visit_siblings6(f6i, &v);
	return ret == -E2BIG ? 0 : ret;
}

static int is_leg6(struct fib6_nh *nh, void *data)
{
	return leg_is(&nh->nh_common, data);
}

/* The leg that the packet takes. */
static void leg_of_packet6(const struct rt6_info *rt, struct ernat_route *r)
{
	r->dev = rt->dst.dev;
	if (rt->rt6i_flags & RTF_GATEWAY) {
		r->via_family = NFPROTO_IPV6;
		r->via.in6 = rt->rt6i_gateway;
	}
}

/*
 * The packet's own dst knows the very route that it came from, unless that has a
 * nexthop object: routes that share one share the dst of each CPU as well, so that it
 * knows the first of them that was used, or none once that one is gone.
 */
static struct fib6_info *find_route6(const struct ernat_ruleset *rs,
				     const struct ernat_flow *flow,
				     struct ernat_route *leg)
{
	const struct rt6_info *rt = container_of(skb_dst(flow->skb),
						 struct rt6_info, dst);
	struct fib6_info *f6i = rcu_dereference(rt->from);
	struct fib6_result res;
	struct route_key k;

	if (f6i && !f6i->nh)
		return f6i;
	key_forward(flow, &k);
	if (lookup6(rs, 0, flow->net, &k, NULL, &res) ||
	    !visit_legs6(res.f6i, MAX_SEEN, is_leg6, leg))
		return NULL;
	return res.f6i;
}

/* The leg is the packet's; the attributes are those of the route with it. */
static void route_to6(const struct ernat_ruleset *rs, struct ernat_flow *flow)
{
	struct ernat_route *r = &flow->to;
	const struct fib6_info *f6i;

	leg_of_packet6(container_of(skb_dst(flow->skb), struct rt6_info, dst),
		       r);
	if (!ernat_source_needs_route(rs, 0) && !flow->explain)
		return;
	f6i = find_route6(rs, flow, r);
	if (f6i)
		route_fill6(r, f6i);
	else
		ernat_count(ernat_net(flow->net), ERNAT_STAT_ROUTE_MISMATCH);
}

/* What is carried from leg to leg of a route. */
struct legs6 {
	const struct ernat_ruleset *rs;
	unsigned int domain;
	const struct ernat_flow *flow;
	struct ernat_route *r;
	const struct ernat_source *best;
};

static int pick_leg6(struct fib6_nh *nh, void *data)
{
	const struct ernat_source *source;
	struct legs6 *l = data;

	if (nh->fib_nh_flags & RTNH_F_DEAD)
		return 0;
	leg_fill(l->r, &nh->nh_common);
	source = ernat_source_pick(l->rs, l->domain, l->r, l->flow);
	l->best = ernat_source_first(source, l->best);
	return 0;
}

static const struct ernat_source *
pick_legs6(const struct ernat_ruleset *rs, unsigned int domain,
	   const struct route_key *k, const struct net_device *out,
	   const struct ernat_flow *flow, struct ernat_route *r)
{
	struct legs6 legs = {
		.rs = rs, .domain = domain, .flow = flow, .r = r,
	};
	struct fib6_result res;

	if (lookup6(rs, domain, flow->net, k, out, &res))
		return NULL;
	if (out && res.nh->nh_common.nhc_dev != out)
		return NULL;
	route_fill6(r, res.f6i);
	r->lookup = domain;
	legs.best = NULL;
	if (!out)
		visit_legs6(res.f6i, MAX_LEGS, pick_leg6, &legs);
	leg_fill(r, &res.nh->nh_common);
	return ernat_source_first(ernat_source_pick(rs, domain, r, flow),
				  legs.best);
}
#else
static void route_to6(const struct ernat_ruleset *rs, struct ernat_flow *flow)
{
}

static const struct ernat_source *
pick_legs6(const struct ernat_ruleset *rs, unsigned int domain,
	   const struct route_key *k, const struct net_device *out,
	   const struct ernat_flow *flow, struct ernat_route *r)
{
	return NULL;
}
#endif

/* The best source of one domain for @k; what it was decided by goes to @r. */
static const struct ernat_source *
pick_legs(const struct ernat_ruleset *rs, unsigned int domain,
	  const struct route_key *k, const struct net_device *out,
	  const struct ernat_flow *flow, struct ernat_route *r)
{
	if (flow->family == NFPROTO_IPV6)
		return pick_legs6(rs, domain, k, out, flow, r);
	return pick_legs4(rs, domain, k, out, flow, r);
}

/*
 * What the "lookup" tables say of @k, where that comes before the source that
 * @shown has from the router's own routing.
 */
static void pick_lookups(const struct ernat_ruleset *rs,
			 const struct ernat_flow *flow,
			 const struct route_key *k,
			 const struct net_device *out,
			 struct ernat_route *shown)
{
	unsigned int domain;

	for (domain = 1; domain <= rs->n_lookups; domain++) {
		const struct ernat_source *s;
		struct ernat_route r = {};

		s = pick_legs(rs, domain, k, out, flow, &r);
		if (s && ernat_source_first(s, shown->source) == s) {
			r.source = s;
			r.looked_up = true;
			*shown = r;
		}
	}
}

const struct ernat_source *ernat_route_to(const struct ernat_ruleset *rs,
					  struct ernat_flow *flow)
{
	struct ernat_route *r = &flow->to;
	struct route_key k;

	if (r->looked_up)
		return r->source;
	r->looked_up = true;
	if (flow->family == NFPROTO_IPV6)
		route_to6(rs, flow);
	else
		route_to4(rs, flow);
	r->source = ernat_source_pick(rs, 0, r, flow);
	if (rs->n_lookups) {
		key_forward(flow, &k);
		pick_lookups(rs, flow, &k, flow->out, r);
	}
	return r->source;
}

const struct ernat_source *ernat_route_return(const struct ernat_ruleset *rs,
					      struct ernat_flow *flow)
{
	struct ernat_route *r = &flow->back;
	struct route_key k;

	if (r->looked_up)
		return r->source;
	r->looked_up = true;
	key_back(flow, &k);
	r->source = pick_legs(rs, 0, &k, NULL, flow, r);
	if (rs->n_lookups)
		pick_lookups(rs, flow, &k, NULL, r);
	return r->source;
}
