// SPDX-License-Identifier: GPL-2.0
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include "source.h"

/*
 * Sources are kept by where their route attributes come from: the router's own
 * routing (domain 0) or one "lookup" table (domain 1 + its number). In a domain
 * each stands in one list, by the key that tells it apart best.
 */
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

const struct ernat_source *
ernat_source_pick(const struct ernat_ruleset *rs, unsigned int domain,
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

bool ernat_source_needs_route(const struct ernat_ruleset *rs,
			      unsigned int domain)
{
	return rs->source_index->domain[domain].needs_fib;
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

/* Its own are the first. */
static bool is_indexed(const struct hlist_head *bucket,
		       const struct ernat_source *s, u32 hash)
{
	const struct source_entry *e;

	hlist_for_each_entry(e, bucket, node) {
		if (e->source != s)
			return false;
		if (e->hash == hash)
			return true;
	}
	return false;
}

/* Once, however often it has the value: a lookup asks the source for each entry. */
static void index_add(struct ernat_source_index *x,
		      const struct ernat_source *s, u32 hash)
{
	struct hlist_head *bucket = &x->bucket[hash >> (32 - x->bits)];
	struct source_entry *e;

	if (is_indexed(bucket, s, hash))
		return;
	e = &x->entry[x->n_entries++];
	e->source = s;
	e->hash = hash;
	hlist_add_head(&e->node, bucket);
}

static void index_source(struct ernat_source_index *x, unsigned int domain,
			 const struct ernat_source *s)
{
	struct source_domain *d = &x->domain[domain];
	enum source_pivot pivot = source_pivot(s);
	unsigned int f, i;

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

int ernat_source_compile(struct ernat_ruleset *rs)
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
		ernat_source_compiled_free(rs);
		return -ENOMEM;
	}
	/* Backwards, since each is added to the head of its bucket. */
	for (i = rs->n_sources; i-- > 0; cond_resched())
		index_source(x, source_domain(rs, rs->sources[i]),
			     rs->sources[i]);
	return 0;
}

void ernat_source_compiled_free(struct ernat_ruleset *rs)
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
