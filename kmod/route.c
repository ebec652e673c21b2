// SPDX-License-Identifier: GPL-2.0
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/ip_fib.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/l3mdev.h>
#include <net/nexthop.h>
#include <net/route.h>

#include "compat.h"
#include "route.h"

/*
 * Sources are kept by where their route attributes come from: the router's own
 * routing (domain 0) or one "lookup" table (domain 1 + its number). In a domain
 * each stands in one list, by the key that tells it apart best.
 */
#define MAX_LEGS	256	/* of one IPv6 route that are looked at */

enum source_pivot {
	PIVOT_DEVICE,
	PIVOT_VIA,
	PIVOT_TABLE,
	PIVOT_NONE,
};

struct source_entry {
	struct hlist_node node;
	const struct ernat_source *source;
	u32 hash;
};

struct source_domain {
	unsigned int n_rest;
	const struct ernat_source **rest;	/* by no pivot, in file order */
	bool used;
	bool needs_fib;		/* some source asks for more than the leg */
	unsigned long pivots;	/* bit per enum source_pivot in use */
};

struct ernat_source_index {
	struct source_domain domain[1 + ERNAT_MAX_LOOKUPS];
	unsigned int bits;
	struct hlist_head *bucket;
	unsigned int n_entries;
	struct source_entry *entry;
};

static u32 hash_device(unsigned int domain, const char *name)
{
	return jhash(name, strnlen(name, IFNAMSIZ), domain * 4 + PIVOT_DEVICE);
}

static u32 hash_via(unsigned int domain, u8 family, struct ernat_ip ip)
{
	return jhash(&ip, sizeof(ip), domain * 4 + PIVOT_VIA) ^ family;
}

static u32 hash_table(unsigned int domain, u32 table)
{
	return jhash_1word(table, domain * 4 + PIVOT_TABLE);
}

/* Does a predicate hold? */

static bool route_has_vrf(const struct ernat_source *s,
			  const struct ernat_route *r,
			  const struct ernat_flow *flow)
{
	unsigned int i;

	if (!r->known)
		return false;
	for (i = 0; i < s->vrf.n; i++) {
		struct net_device *dev;

		dev = dev_get_by_name_rcu(flow->net, s->vrf.v[i].name);
		if (dev && netif_is_l3_master(dev) &&
		    l3mdev_fib_table_rcu(dev) == r->table)
			return true;
	}
	return false;
}

static bool route_has_metric(const struct ernat_source *s, u32 metric)
{
	unsigned int i;

	for (i = 0; i < s->metric.n; i++)
		if (metric >= s->metric.v[i].min && metric <= s->metric.v[i].max)
			return true;
	return false;
}

static bool route_has_prefix(const struct ernat_source *s,
			     const struct ernat_route *r, u8 family)
{
	unsigned int i;

	for (i = 0; i < s->n_prefix; i++) {
		const struct ernat_route_prefix *p = &s->prefix[i];
		bool covered;

		if (p->family != family ||
		    r->prefix_len < p->ge || r->prefix_len > p->le ||
		    r->prefix_len < p->len)
			continue;
		if (family == NFPROTO_IPV6)
			covered = ipv6_prefix_equal(&r->prefix.in6,
						    (const void *)p->addr,
						    p->len);
		else
			covered = !((r->prefix.ip ^ *(const __be32 *)p->addr) &
				    inet_make_mask(p->len));
		if (covered)
			return true;
	}
	return false;
}

static bool has_u32(const struct ernat_u32s *list, u32 value)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->v[i] == value)
			return true;
	return false;
}

static bool has_u8(const struct ernat_u8s *list, u8 value)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->v[i] == value)
			return true;
	return false;
}

static const struct net_device *dev_vrf(const struct net_device *dev)
{
	return dev ? l3mdev_master_dev_rcu(dev) : NULL;
}

/* What is asked of the leg: needs no FIB lookup. */
static bool source_has_leg(const struct ernat_source *s,
			   const struct ernat_route *r)
{
	if (s->device.n &&
	    !(r->dev && ernat_devs_match(&s->device, r->dev, dev_vrf(r->dev))))
		return false;
	if (s->via.used &&
	    !(r->via_family && ernat_match_addr(&s->via, r->via_family, &r->via)))
		return false;
	return true;
}

static bool source_needs_fib(const struct ernat_source *s)
{
	return s->protocol.n || s->table.n || s->vrf.n || s->realm.n ||
	       s->metric.n || s->n_prefix;
}

static bool source_has(const struct ernat_source *s,
		       const struct ernat_route *r,
		       const struct ernat_flow *flow)
{
	if (!source_has_leg(s, r))
		return false;
	if (!source_needs_fib(s))
		return true;
	return r->known &&
	       (!s->protocol.n || has_u8(&s->protocol, r->protocol)) &&
	       (!s->table.n || has_u32(&s->table, r->table)) &&
	       (!s->realm.n || has_u32(&s->realm, r->realm)) &&
	       (!s->metric.n || route_has_metric(s, r->metric)) &&
	       (!s->n_prefix || route_has_prefix(s, r, flow->family)) &&
	       (!s->vrf.n || route_has_vrf(s, r, flow));
}

/* The first source of a domain for a route with one leg */

static const struct ernat_source *
better(const struct ernat_source *a, const struct ernat_source *b)
{
	if (!a || !b)
		return a ?: b;
	return a->id < b->id ? a : b;
}

static const struct ernat_source *
pick_bucket(const struct ernat_source_index *x, u32 hash,
	    const struct ernat_route *r, const struct ernat_flow *flow,
	    const struct ernat_source *best)
{
	const struct source_entry *e;

	/* In file order; others with the same hash do no harm. */
	hlist_for_each_entry(e, &x->bucket[hash >> (32 - x->bits)], node) {
		if (best && e->source->id >= best->id)
			break;
		if (e->hash == hash && source_has(e->source, r, flow))
			return e->source;
	}
	return best;
}

static const struct ernat_source *
pick_one(const struct ernat_ruleset *rs, unsigned int domain,
	 const struct ernat_route *r, const struct ernat_flow *flow)
{
	const struct ernat_source_index *x = rs->source_index;
	const struct source_domain *d = &x->domain[domain];
	const struct ernat_source *best = NULL;
	unsigned int i;

	if (d->pivots & BIT(PIVOT_DEVICE) && r->dev) {
		const struct net_device *vrf = dev_vrf(r->dev);

		best = pick_bucket(x, hash_device(domain, r->dev->name), r,
				   flow, best);
		if (vrf)
			best = pick_bucket(x, hash_device(domain, vrf->name),
					   r, flow, best);
	}
	if (d->pivots & BIT(PIVOT_VIA) && r->via_family)
		best = pick_bucket(x, hash_via(domain, r->via_family,
					       ernat_ip_from(&r->via,
							     r->via_family)),
				   r, flow, best);
	if (d->pivots & BIT(PIVOT_TABLE) && r->known)
		best = pick_bucket(x, hash_table(domain, r->table), r, flow,
				   best);
	for (i = 0; i < d->n_rest; i++) {
		if (best && d->rest[i]->id >= best->id)
			break;
		if (source_has(d->rest[i], r, flow))
			return d->rest[i];
	}
	return best;
}

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
	if (!rs->source_index->domain[0].needs_fib && !flow->explain)
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
		best = better(pick_one(rs, domain, r, flow), best);
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

/* The packet's own dst knows the very route that it came from. */
static void route_to6(const struct ernat_ruleset *rs, struct ernat_flow *flow)
{
	const struct rt6_info *rt = container_of(skb_dst(flow->skb),
						 struct rt6_info, dst);
	const struct fib6_info *f6i = rcu_dereference(rt->from);
	struct ernat_route *r = &flow->to;

	r->dev = rt->dst.dev;
	if (rt->rt6i_flags & RTF_GATEWAY) {
		r->via_family = NFPROTO_IPV6;
		r->via.in6 = rt->rt6i_gateway;
	}
	if (f6i)
		route_fill6(r, f6i);
	else
		ernat_count(ernat_net(flow->net), ERNAT_STAT_ROUTE_MISMATCH);
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

/* What is carried from leg to leg of a route. */
struct legs6 {
	const struct ernat_ruleset *rs;
	unsigned int domain;
	const struct ernat_flow *flow;
	struct ernat_route *r;
	const struct ernat_source *best;
};

static int visit_leg6(struct fib6_nh *nh, void *data)
{
	struct legs6 *l = data;

	if (nh->fib_nh_flags & RTNH_F_DEAD)
		return 0;
	leg_fill(l->r, &nh->nh_common);
	l->best = better(pick_one(l->rs, l->domain, l->r, l->flow), l->best);
	return 0;
}

/* Every leg of a route: of its nexthop object, or of its siblings. */
static void visit_legs6(struct legs6 *l, struct fib6_info *f6i)
{
	struct fib6_info *sibling;
	unsigned int n = 0;

	if (f6i->nh) {
		nexthop_for_each_fib6_nh(f6i->nh, visit_leg6, l);
		return;
	}
	visit_leg6(f6i->fib6_nh, l);
	if (!READ_ONCE(f6i->fib6_nsiblings))
		return;
	/* One that is being removed no longer leads back to the start. */
	list_for_each_entry_rcu(sibling, &f6i->fib6_siblings, fib6_siblings) {
		visit_leg6(sibling->fib6_nh, l);
		if (++n >= MAX_LEGS || !READ_ONCE(f6i->fib6_nsiblings))
			return;
	}
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
		visit_legs6(&legs, res.f6i);
	leg_fill(r, &res.nh->nh_common);
	return better(pick_one(rs, domain, r, flow), legs.best);
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
		if (s && better(s, shown->source) == s) {
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
	r->source = pick_one(rs, 0, r, flow);
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

/* Compiling */

static unsigned int source_domain(const struct ernat_ruleset *rs,
				  const struct ernat_source *s)
{
	unsigned int i;

	for (i = 0; s->has_lookup && i < rs->n_lookups; i++)
		if (rs->lookups[i] == s->lookup)
			return 1 + i;
	return 0;
}

/* Only single gateways can be looked up by address. */
static bool via_is_exact(const struct ernat_match *via)
{
	unsigned int f, i;

	if (!via->used || via->n_sets)
		return false;
	for (f = 0; f < 2; f++)
		for (i = 0; i < via->addrs.n[f]; i++)
			if (ernat_ip_cmp(via->addrs.v[f][i].first,
					 via->addrs.v[f][i].last))
				return false;
	return via->addrs.n[0] + via->addrs.n[1];
}

static bool devices_are_exact(const struct ernat_devs *devs)
{
	unsigned int i;

	for (i = 0; i < devs->n; i++)
		if (devs->v[i].wildcard)
			return false;
	return devs->n;
}

static enum source_pivot source_pivot(const struct ernat_source *s)
{
	if (devices_are_exact(&s->device))
		return PIVOT_DEVICE;
	if (via_is_exact(&s->via))
		return PIVOT_VIA;
	if (s->table.n)
		return PIVOT_TABLE;
	return PIVOT_NONE;
}

static unsigned int source_entries(const struct ernat_source *s)
{
	switch (source_pivot(s)) {
	case PIVOT_DEVICE:
		return s->device.n;
	case PIVOT_VIA:
		return s->via.addrs.n[0] + s->via.addrs.n[1];
	case PIVOT_TABLE:
		return s->table.n;
	default:
		return 0;
	}
}

static void index_add(struct ernat_source_index *x,
		      const struct ernat_source *s, u32 hash)
{
	struct source_entry *e = &x->entry[x->n_entries++];

	e->source = s;
	e->hash = hash;
	hlist_add_head(&e->node, &x->bucket[hash >> (32 - x->bits)]);
}

static void index_source(struct ernat_source_index *x, unsigned int domain,
			 const struct ernat_source *s)
{
	struct source_domain *d = &x->domain[domain];
	enum source_pivot pivot = source_pivot(s);
	unsigned int f, i;

	d->used = true;
	d->needs_fib |= source_needs_fib(s);
	d->pivots |= BIT(pivot);
	switch (pivot) {
	case PIVOT_DEVICE:
		for (i = 0; i < s->device.n; i++)
			index_add(x, s, hash_device(domain,
						    s->device.v[i].name));
		break;
	case PIVOT_VIA:
		for (f = 0; f < 2; f++)
			for (i = 0; i < s->via.addrs.n[f]; i++)
				index_add(x, s,
					  hash_via(domain,
						   f ? NFPROTO_IPV6 :
						       NFPROTO_IPV4,
						   s->via.addrs.v[f][i].first));
		break;
	case PIVOT_TABLE:
		for (i = 0; i < s->table.n; i++)
			index_add(x, s, hash_table(domain, s->table.v[i]));
		break;
	case PIVOT_NONE:
		break;
	}
}

static int index_rest(struct ernat_ruleset *rs, struct ernat_source_index *x)
{
	unsigned int i, domain, n[ARRAY_SIZE(x->domain)] = {};
	struct source_domain *d;

	for (i = 0; i < rs->n_sources; i++)
		if (source_pivot(rs->sources[i]) == PIVOT_NONE)
			n[source_domain(rs, rs->sources[i])]++;
	for (domain = 0; domain < ARRAY_SIZE(n); domain++) {
		if (!n[domain])
			continue;
		d = &x->domain[domain];
		d->rest = kvmalloc_array(n[domain], sizeof(*d->rest),
					 GFP_KERNEL_ACCOUNT);
		if (!d->rest)
			return -ENOMEM;
	}
	for (i = 0; i < rs->n_sources; i++) {
		d = &x->domain[source_domain(rs, rs->sources[i])];
		if (source_pivot(rs->sources[i]) == PIVOT_NONE)
			d->rest[d->n_rest++] = rs->sources[i];
	}
	return 0;
}

int ernat_route_compile(struct ernat_ruleset *rs)
{
	struct ernat_source_index *x;
	unsigned int i, n = 0;

	x = kvzalloc(sizeof(*x), GFP_KERNEL_ACCOUNT);
	if (!x)
		return -ENOMEM;
	rs->source_index = x;
	for (i = 0; i < rs->n_sources; i++)
		n += source_entries(rs->sources[i]);
	x->bits = clamp(ilog2(n | 1) + 1, 4, 20);
	x->bucket = kvcalloc(1u << x->bits, sizeof(*x->bucket),
			     GFP_KERNEL_ACCOUNT);
	x->entry = kvcalloc(n + 1, sizeof(*x->entry), GFP_KERNEL_ACCOUNT);
	if (!x->bucket || !x->entry || index_rest(rs, x)) {
		ernat_route_compiled_free(rs);
		return -ENOMEM;
	}
	/* Backwards, since each is added to the head of its bucket. */
	for (i = rs->n_sources; i-- > 0; cond_resched())
		index_source(x, source_domain(rs, rs->sources[i]),
			     rs->sources[i]);
	return 0;
}

void ernat_route_compiled_free(struct ernat_ruleset *rs)
{
	struct ernat_source_index *x = rs->source_index;
	unsigned int i;

	if (!x)
		return;
	for (i = 0; i < ARRAY_SIZE(x->domain); i++)
		kvfree(x->domain[i].rest);
	kvfree(x->entry);
	kvfree(x->bucket);
	kvfree(x);
	rs->source_index = NULL;
}
