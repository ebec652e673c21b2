// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "index.h"

#define MAX_PREFIXES	64	/* of one rule, else another key has to do */
#define MAX_ESTIMATES	65536
#define END		U32_MAX
#define NO_SOURCE	U32_MAX

/* Keys that a rule can be stored by, cheapest lookup first. */
enum dimension {
	DIM_IN,
	DIM_OUT,
	DIM_VRF,
	DIM_FROM,
	DIM_DEST,
	DIM_TO,
	DIM_RETURN,
	N_DIMS,
};

struct pivot {
	u8 dim;
	u8 family;	/* of a prefix */
	u8 len;		/* of a prefix */
	u8 zero;
	u32 v[4];	/* address, device name or source id */
};

struct bucket {
	struct pivot pivot;
	u32 next;	/* bucket of the same hash */
	u32 head;	/* entries, in the order of rules */
	u32 tail;
};

struct entry {
	u32 rule;
	u32 next;
};

/**
 * struct ernat_index - rules by the values of their keys
 * @seed: of the hash
 * @mask: of @table
 * @table: first bucket of a hash
 * @n_buckets: used in @buckets
 * @n_entries: used in @entries
 * @general: entries of the rules that no key stands for
 * @general_tail: last of them
 * @lowest: lowest rule stored by a dimension; END: none
 * @lens: lengths of the prefixes in use, for DIM_FROM and DIM_DEST by family
 * @buckets: rules by one value of a key
 * @entries: of all buckets
 */
struct ernat_index {
	u32 seed;
	u32 mask;
	u32 n_buckets;
	u32 n_entries;
	u32 general;
	u32 general_tail;
	u32 lowest[N_DIMS];
	unsigned long lens[2][2][BITS_TO_LONGS(129)];
	u32 *table;
	struct bucket *buckets;
	struct entry *entries;
};

/* What is done with each pivot of a rule while compiling. */
struct visit {
	void (*fn)(struct visit *visit, const struct pivot *pivot);
	struct ernat_index *x;
	u32 *estimates;
	u32 estimate_mask;
	u32 worst;
	u32 rule;
	unsigned int n;
};

static u32 pivot_hash(const struct ernat_index *x, const struct pivot *pivot)
{
	return jhash2((const u32 *)pivot, sizeof(*pivot) / sizeof(u32), x->seed);
}

static void pivot_of_device(struct pivot *pivot, u8 dim, const char *name)
{
	memset(pivot, 0, sizeof(*pivot));
	pivot->dim = dim;
	BUILD_BUG_ON(sizeof(pivot->v) < ERNAT_DEV_MAX);
	strscpy((char *)pivot->v, name, sizeof(pivot->v));
}

static void pivot_of_source(struct pivot *pivot, u8 dim,
			    const struct ernat_source *source)
{
	memset(pivot, 0, sizeof(*pivot));
	pivot->dim = dim;
	pivot->v[0] = source ? source->id : NO_SOURCE;
}

static struct ernat_ip low_bits(unsigned int n)
{
	struct ernat_ip ip = {};

	if (n > 64) {
		ip.hi = n == 128 ? U64_MAX : BIT_ULL(n - 64) - 1;
		ip.lo = U64_MAX;
	} else {
		ip.lo = n == 64 ? U64_MAX : BIT_ULL(n) - 1;
	}
	return ip;
}

static unsigned int family_bits(u8 family)
{
	return family == NFPROTO_IPV6 ? 128 : 32;
}

static void pivot_of_prefix(struct pivot *pivot, u8 dim, u8 family, u8 len,
			    struct ernat_ip ip)
{
	struct ernat_ip host = low_bits(family_bits(family) - len);

	ip.hi &= ~host.hi;
	ip.lo &= ~host.lo;
	memset(pivot, 0, sizeof(*pivot));
	pivot->dim = dim;
	pivot->family = family;
	pivot->len = len;
	pivot->v[0] = ip.hi >> 32;
	pivot->v[1] = ip.hi;
	pivot->v[2] = ip.lo >> 32;
	pivot->v[3] = ip.lo;
}

/* The largest prefix that begins at @s->first and stays in @s. */
static unsigned int leading_prefix(const struct ernat_span *s, u8 family,
				   struct ernat_ip *last)
{
	unsigned int bits = family_bits(family), n = bits;

	for (;;) {
		struct ernat_ip host = low_bits(n);

		last->hi = s->first.hi | host.hi;
		last->lo = s->first.lo | host.lo;
		if (!(s->first.hi & host.hi) && !(s->first.lo & host.lo) &&
		    ernat_ip_cmp(*last, s->last) <= 0)
			return bits - n;
		n--;
	}
}

/* Return: false when there are more than MAX_PREFIXES. */
static bool visit_span(struct visit *visit, u8 dim, u8 family,
		       struct ernat_span s)
{
	struct ernat_ip last;
	struct pivot pivot;
	u8 len;

	for (;;) {
		if (++visit->n > MAX_PREFIXES)
			return false;
		len = leading_prefix(&s, family, &last);
		if (visit->fn) {
			pivot_of_prefix(&pivot, dim, family, len, s.first);
			visit->fn(visit, &pivot);
		}
		if (!ernat_ip_cmp(last, s.last))
			return true;
		s.first = ernat_ip_next(last);
	}
}

static bool visit_addrset(struct visit *visit, u8 dim, u8 family,
			  const struct ernat_addrset *s)
{
	unsigned int f, i;

	for (f = 0; f < 2; f++) {
		if (family && f != ernat_family_index(family))
			continue;
		if (s->n[f] > MAX_PREFIXES)
			return false;
		for (i = 0; i < s->n[f]; i++)
			if (!visit_span(visit, dim, ernat_index_family(f),
					s->v[f][i]))
				return false;
	}
	return true;
}

/* Excepts are not seen: what is stored too often does not match in the end. */
static bool visit_match(struct visit *visit, u8 dim, u8 family,
			const struct ernat_match *m)
{
	unsigned int i;

	if (!m->used || m->local || m->n_sets > MAX_PREFIXES)
		return false;
	for (i = 0; i < m->n_sets; i++)
		if (!visit_addrset(visit, dim, family, &m->sets[i]->addrs))
			return false;
	return visit_addrset(visit, dim, family, &m->addrs);
}

static bool visit_devs(struct visit *visit, u8 dim,
		       const struct ernat_devs *devs)
{
	struct pivot pivot;
	unsigned int i;

	if (!devs->n)
		return false;
	for (i = 0; i < devs->n; i++) {
		if (devs->v[i].wildcard)
			return false;
		if (!visit->fn)
			continue;
		pivot_of_device(&pivot, dim, devs->v[i].name);
		visit->fn(visit, &pivot);
	}
	return true;
}

static bool visit_sources(struct visit *visit, u8 dim,
			  const struct ernat_source_list *list)
{
	struct pivot pivot;
	unsigned int i;

	if (!list->used)
		return false;
	for (i = 0; visit->fn && i < list->n; i++) {
		pivot_of_source(&pivot, dim, list->v[i]);
		visit->fn(visit, &pivot);
	}
	if (visit->fn && list->none) {
		pivot_of_source(&pivot, dim, NULL);
		visit->fn(visit, &pivot);
	}
	return true;
}

static bool visit_dim(struct visit *visit, const struct ernat_rule *r, u8 dim)
{
	switch (dim) {
	case DIM_IN:
		return visit_devs(visit, dim, &r->in);
	case DIM_OUT:
		return visit_devs(visit, dim, &r->out);
	case DIM_VRF:
		return visit_devs(visit, dim, &r->vrf);
	case DIM_FROM:
		return visit_match(visit, dim, r->family, &r->from);
	case DIM_DEST:
		return visit_match(visit, dim, r->family, &r->dest);
	case DIM_TO:
		return visit_sources(visit, dim, &r->to);
	case DIM_RETURN:
		return visit_sources(visit, dim, &r->ret);
	}
	return false;
}

/*
 * Calls @fn for each value of the dimension, unless the rule has none there that
 * stand for it. Return: whether it has.
 */
static bool visit_keys(struct visit *visit, const struct ernat_rule *r, u8 dim,
		       void (*fn)(struct visit *visit, const struct pivot *pivot))
{
	visit->n = 0;
	visit->fn = NULL;
	if (!visit_dim(visit, r, dim))
		return false;
	visit->n = 0;
	visit->fn = fn;
	return visit_dim(visit, r, dim);
}

/* Keys that share a counter make a choice worse, never wrong. */
static void estimate(struct visit *visit, const struct pivot *pivot)
{
	visit->estimates[pivot_hash(visit->x, pivot) & visit->estimate_mask]++;
}

static void ask_estimate(struct visit *visit, const struct pivot *pivot)
{
	u32 hash = pivot_hash(visit->x, pivot);

	visit->worst = max(visit->worst,
			   visit->estimates[hash & visit->estimate_mask]);
}

/* The dimension in which a flow meets the rule with the fewest others. */
static u8 best_dim(struct visit *visit, const struct ernat_rule *r)
{
	u32 best = U32_MAX;
	u8 dim, found = N_DIMS;

	for (dim = 0; dim < N_DIMS; dim++) {
		visit->worst = 0;
		if (!visit_keys(visit, r, dim, ask_estimate) ||
		    visit->worst >= best)
			continue;
		best = visit->worst;
		found = dim;
	}
	return found;
}

static void count_entry(struct visit *visit, const struct pivot *pivot)
{
	visit->x->n_entries++;
}

static u32 *bucket_slot(const struct ernat_index *x, const struct pivot *pivot)
{
	return &x->table[pivot_hash(x, pivot) & x->mask];
}

static struct bucket *find_bucket(const struct ernat_index *x,
				  const struct pivot *pivot)
{
	u32 i;

	for (i = *bucket_slot(x, pivot); i != END; i = x->buckets[i].next)
		if (!memcmp(&x->buckets[i].pivot, pivot, sizeof(*pivot)))
			return &x->buckets[i];
	return NULL;
}

static struct bucket *add_bucket(struct ernat_index *x, const struct pivot *pivot)
{
	struct bucket *b = &x->buckets[x->n_buckets];
	u32 *slot = bucket_slot(x, pivot);

	b->pivot = *pivot;
	b->next = *slot;
	b->head = END;
	b->tail = END;
	*slot = x->n_buckets++;
	return b;
}

static void append(struct ernat_index *x, u32 *head, u32 *tail, u32 rule)
{
	/* A rule that names a device or source twice needs one entry. */
	if (*tail != END && x->entries[*tail].rule == rule)
		return;
	x->entries[x->n_entries].rule = rule;
	x->entries[x->n_entries].next = END;
	if (*tail == END)
		*head = x->n_entries;
	else
		x->entries[*tail].next = x->n_entries;
	*tail = x->n_entries++;
}

static void store(struct visit *visit, const struct pivot *pivot)
{
	struct ernat_index *x = visit->x;
	struct bucket *b = find_bucket(x, pivot);

	if (!b)
		b = add_bucket(x, pivot);
	append(x, &b->head, &b->tail, visit->rule);
	if (x->lowest[pivot->dim] == END)
		x->lowest[pivot->dim] = visit->rule;
	if (pivot->dim == DIM_FROM || pivot->dim == DIM_DEST)
		__set_bit(pivot->len, x->lens[pivot->dim == DIM_DEST]
					   [ernat_family_index(pivot->family)]);
}

static void make_estimates(struct visit *visit, const struct ernat_ruleset *rs)
{
	unsigned int i;
	u8 dim;

	for (i = 0; i < rs->n_rules; i++) {
		for (dim = 0; dim < N_DIMS; dim++)
			visit_keys(visit, rs->rules[i], dim, estimate);
		cond_resched();
	}
}

static int alloc_index(struct ernat_index *x)
{
	unsigned int n = roundup_pow_of_two(max(x->n_entries, 1u));

	x->mask = n - 1;
	x->table = kvmalloc_array(n, sizeof(*x->table), GFP_KERNEL_ACCOUNT);
	x->buckets = kvcalloc(n, sizeof(*x->buckets), GFP_KERNEL_ACCOUNT);
	x->entries = kvcalloc(n, sizeof(*x->entries), GFP_KERNEL_ACCOUNT);
	if (!x->table || !x->buckets || !x->entries)
		return -ENOMEM;
	memset(x->table, 0xff, n * sizeof(*x->table));
	return 0;
}

static int store_rules(struct visit *visit, const struct ernat_ruleset *rs,
		       const u8 *dims)
{
	struct ernat_index *x = visit->x;
	unsigned int i;
	int err;

	for (i = 0; i < rs->n_rules; i++) {
		if (dims[i] == N_DIMS)
			x->n_entries++;
		else
			visit_keys(visit, rs->rules[i], dims[i], count_entry);
		cond_resched();
	}
	err = alloc_index(x);
	if (err)
		return err;
	x->n_entries = 0;
	for (i = 0; i < rs->n_rules; i++) {
		visit->rule = i;
		if (dims[i] == N_DIMS)
			append(x, &x->general, &x->general_tail, i);
		else
			visit_keys(visit, rs->rules[i], dims[i], store);
		cond_resched();
	}
	return 0;
}

int ernat_index_compile(struct ernat_ruleset *rs)
{
	struct visit visit = {};
	struct ernat_index *x;
	int err = -ENOMEM;
	unsigned int i;
	u8 *dims;

	x = kzalloc(sizeof(*x), GFP_KERNEL_ACCOUNT);
	if (!x)
		return -ENOMEM;
	rs->index = x;
	x->seed = get_random_u32();
	x->general = END;
	x->general_tail = END;
	memset(x->lowest, 0xff, sizeof(x->lowest));
	visit.x = x;
	visit.estimate_mask = roundup_pow_of_two(clamp(rs->n_rules * 8, 256u,
						       MAX_ESTIMATES + 0u)) - 1;
	visit.estimates = kvcalloc(visit.estimate_mask + 1,
				   sizeof(*visit.estimates),
				   GFP_KERNEL_ACCOUNT);
	dims = kvmalloc(rs->n_rules + 1, GFP_KERNEL_ACCOUNT);
	if (!visit.estimates || !dims)
		goto out;
	make_estimates(&visit, rs);
	for (i = 0; i < rs->n_rules; i++) {
		dims[i] = best_dim(&visit, rs->rules[i]);
		cond_resched();
	}
	err = store_rules(&visit, rs, dims);
out:
	kvfree(visit.estimates);
	kvfree(dims);
	return err;
}

void ernat_index_free(struct ernat_ruleset *rs)
{
	struct ernat_index *x = rs->index;

	if (!x)
		return;
	kvfree(x->table);
	kvfree(x->buckets);
	kvfree(x->entries);
	kfree(x);
	rs->index = NULL;
}

/* A flow on its way through the index. */
struct search {
	const struct ernat_ruleset *rs;
	const struct ernat_index *x;
	struct ernat_flow *flow;
	u32 best;
};

static void scan(struct search *s, u32 at)
{
	for (; at != END; at = s->x->entries[at].next) {
		u32 rule = s->x->entries[at].rule;

		if (rule >= s->best)
			return;
		if (!ernat_rule_check(s->rs, s->rs->rules[rule], s->flow)) {
			s->best = rule;
			return;
		}
	}
}

static void scan_key(struct search *s, const struct pivot *pivot)
{
	const struct bucket *b = find_bucket(s->x, pivot);

	if (b)
		scan(s, b->head);
}

static void scan_device(struct search *s, u8 dim, const struct net_device *dev)
{
	struct pivot pivot;

	if (!dev || s->x->lowest[dim] >= s->best)
		return;
	pivot_of_device(&pivot, dim, dev->name);
	scan_key(s, &pivot);
}

static void scan_prefixes(struct search *s, u8 dim,
			  const union nf_inet_addr *addr)
{
	u8 family = s->flow->family;
	const unsigned long *lens;
	unsigned int len;
	struct ernat_ip ip;
	struct pivot pivot;

	if (s->x->lowest[dim] >= s->best)
		return;
	lens = s->x->lens[dim == DIM_DEST][ernat_family_index(family)];
	ip = ernat_ip_from(addr, family);
	for_each_set_bit(len, lens, 129) {
		pivot_of_prefix(&pivot, dim, family, len, ip);
		scan_key(s, &pivot);
	}
}

static void scan_source(struct search *s, u8 dim)
{
	const struct ernat_source *source;
	struct pivot pivot;

	if (s->x->lowest[dim] >= s->best)
		return;
	source = dim == DIM_TO ? ernat_route_to(s->rs, s->flow) :
				 ernat_route_return(s->rs, s->flow);
	pivot_of_source(&pivot, dim, source);
	scan_key(s, &pivot);
}

u32 ernat_index_match(const struct ernat_ruleset *rs, struct ernat_flow *flow)
{
	struct search s = {
		.rs = rs,
		.x = rs->index,
		.flow = flow,
		.best = U32_MAX,
	};

	scan_device(&s, DIM_IN, flow->in);
	scan_device(&s, DIM_IN, flow->in_vrf);
	scan_device(&s, DIM_OUT, flow->out);
	scan_device(&s, DIM_OUT, flow->out_vrf);
	scan_device(&s, DIM_VRF, flow->in ? flow->in_vrf : flow->out_vrf);
	scan_prefixes(&s, DIM_FROM, &flow->saddr);
	scan_prefixes(&s, DIM_DEST, &flow->daddr);
	scan(&s, s.x->general);
	/* Last, as they look up routes. */
	scan_source(&s, DIM_TO);
	scan_source(&s, DIM_RETURN);
	return s.best;
}
