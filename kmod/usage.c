// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>
#include <net/sock.h>

#include "alarm.h"
#include "compat.h"
#include "netlink.h"
#include "pool.h"
#include "ruleset.h"
#include "usage.h"

#define DUMP_SIZE	(16 * 1024)

/**
 * struct position - where a dump goes on
 * @i: object of the ruleset
 * @range: of this pool
 * @bucket: of the accounts, for pools that the ruleset lacks
 * @skip: accounts of @bucket that were looked at
 * @generation: of the ruleset with which the dump began
 * @started: @generation is known
 */
struct position {
	u32 i;
	u32 range;
	u32 bucket;
	u32 skip;
	u32 generation;
	bool started;
};

static struct position *position(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct position) > sizeof(cb->ctx));
	return (struct position *)cb->ctx;
}

/* What one pass of a dump needs. */
struct dump {
	struct ernat_net *en;
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct position *p;
	const struct ernat_ruleset *rs;	/* NULL: there is none */
	const char *name;		/* NULL: all */
};

static void *put_header(struct dump *d)
{
	struct netlink_callback *cb = d->cb;
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	void *hdr;

	hdr = genlmsg_put(d->skb, NETLINK_CB(cb->skb).portid,
			  cb->nlh->nlmsg_seq, &ernat_genl_family, NLM_F_MULTI,
			  request->cmd);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

static int put_count(struct sk_buff *skb, int type, u64 value)
{
	enum { PAD = ERNAT_POOL_USAGE_PAD };

	BUILD_BUG_ON(PAD != (int)ERNAT_SOURCE_USAGE_PAD ||
		     PAD != (int)ERNAT_RULE_USAGE_PAD);
	return nla_put_u64_64bit(skb, type, value, PAD);
}

static int put_ip(struct sk_buff *skb, int type, u8 family, struct ernat_ip ip)
{
	union nf_inet_addr addr;

	ernat_ip_to(ip, family, &addr);
	return nla_put(skb, type, family == NFPROTO_IPV6 ? 16 : 4, &addr);
}

static u8 range_state(const struct ernat_ruleset *rs,
		      const struct ernat_range *r)
{
	if (r->router && strcmp(r->router, rs->router))
		return ERNAT_STATE_STANDBY;
	return r->state;
}

static int put_range(struct sk_buff *skb, const struct ernat_range *r, u8 state,
		     u64 sessions)
{
	struct nlattr *nest = nla_nest_start(skb, ERNAT_POOL_USAGE_RANGE);

	if (!nest)
		return -EMSGSIZE;
	if (put_ip(skb, ERNAT_USAGE_RANGE_FIRST, r->family, r->first) ||
	    put_ip(skb, ERNAT_USAGE_RANGE_LAST, r->family, r->last) ||
	    nla_put_u8(skb, ERNAT_USAGE_RANGE_STATE, state) ||
	    nla_put_u64_64bit(skb, ERNAT_USAGE_RANGE_SESSIONS, sessions,
			      ERNAT_USAGE_RANGE_PAD)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Addresses with sessions that the pool has no more: one taken out drains. Goes on
 * after the one with number *@i - n.
 */
static int put_removed_ranges(struct dump *d, const struct ernat_pool *pool,
			      u32 *i)
{
	const u32 n = pool->ranges.n, after = *i - n;
	const struct ernat_addr *a;
	int err = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(a, &pool->account->addrs, account_node) {
		struct ernat_range r = { .family = a->key.family };

		if (a->number <= after ||
		    ernat_pool_has(pool, r.family, &a->key.addr))
			continue;
		r.first = ernat_ip_from(&a->key.addr, r.family);
		r.last = r.first;
		err = put_range(d->skb, &r, ERNAT_STATE_DRAIN,
				atomic_read(&a->sessions));
		if (err)
			break;
		*i = n + a->number;
	}
	rcu_read_unlock();
	return err;
}

/* As many as fit, from @*i. */
static int put_ranges(struct dump *d, const struct ernat_pool *pool, u32 *i)
{
	const struct ernat_range *r;
	u64 sessions;

	for (; *i < pool->ranges.n; (*i)++) {
		r = &pool->ranges.v[*i];
		if (r->except)
			continue;
		rcu_read_lock();
		sessions = ernat_pool_range_sessions(pool->account, r->family,
						     r->first, r->last);
		rcu_read_unlock();
		if (put_range(d->skb, r, range_state(d->rs, r), sessions))
			return -EMSGSIZE;
		cond_resched();
	}
	return put_removed_ranges(d, pool, i);
}

static int put_busiest(struct sk_buff *skb, struct ernat_account *a)
{
	struct ernat_busiest b;

	ernat_alarm_busiest(a, &b);
	if (!b.used)
		return 0;
	if (nla_put(skb, ERNAT_POOL_USAGE_BUSIEST_ADDR,
		    b.dest.family == NFPROTO_IPV6 ? 16 : 4, &b.dest.addr) ||
	    nla_put_u16(skb, ERNAT_POOL_USAGE_BUSIEST_PORT, b.dest.port) ||
	    nla_put_u8(skb, ERNAT_POOL_USAGE_BUSIEST_PROTOCOL,
		       b.dest.protocol) ||
	    put_count(skb, ERNAT_POOL_USAGE_BUSIEST_SESSIONS, b.sessions) ||
	    put_count(skb, ERNAT_POOL_USAGE_BUSIEST_USED, b.used))
		return -EMSGSIZE;
	return put_count(skb, ERNAT_POOL_USAGE_BUSIEST_PORTS, b.ports);
}

static int put_account(struct sk_buff *skb, const struct ernat_account *a)
{
	if (nla_put_string(skb, ERNAT_POOL_USAGE_NAME, a->name) ||
	    put_count(skb, ERNAT_POOL_USAGE_SESSIONS,
		      atomic64_read(&a->sessions)) ||
	    put_count(skb, ERNAT_POOL_USAGE_PEAK_SESSIONS,
		      atomic64_read(&a->peak)) ||
	    put_count(skb, ERNAT_POOL_USAGE_HOSTS, atomic64_read(&a->hosts)) ||
	    put_count(skb, ERNAT_POOL_USAGE_CREATED,
		      atomic64_read(&a->created)) ||
	    put_count(skb, ERNAT_POOL_USAGE_EXHAUSTED,
		      atomic64_read(&a->exhausted)) ||
	    put_count(skb, ERNAT_POOL_USAGE_HOST_LIMITED,
		      atomic64_read(&a->host_limited)) ||
	    put_count(skb, ERNAT_POOL_USAGE_OVERFLOWED,
		      atomic64_read(&a->overflowed)) ||
	    put_count(skb, ERNAT_POOL_USAGE_RECLAIMED,
		      atomic64_read(&a->reclaimed)))
		return -EMSGSIZE;
	return put_count(skb, ERNAT_POOL_USAGE_REROUTED,
			 atomic64_read(&a->rerouted));
}

/* A message of what goes on has the name and ranges alone. */
static int put_pool(struct dump *d, const struct ernat_pool *pool, u32 *range)
{
	struct sk_buff *skb = d->skb;

	if (*range) {
		if (nla_put_string(skb, ERNAT_POOL_USAGE_NAME,
				   pool->account->name))
			return -EMSGSIZE;
	} else if (put_account(skb, pool->account) ||
		   nla_put_u8(skb, ERNAT_POOL_USAGE_ALARM,
			      !!READ_ONCE(pool->account->alarm)) ||
		   put_busiest(skb, pool->account) ||
		   put_count(skb, ERNAT_POOL_USAGE_PORTS,
			     ernat_pool_capacity(pool, !pool->n_addrs[0]))) {
		return -EMSGSIZE;
	}
	return put_ranges(d, pool, range);
}

static int put_pool_message(struct dump *d, const struct ernat_pool *pool)
{
	u32 from = d->p->range, range = from;
	bool alone = !d->skb->len;
	void *hdr = put_header(d);
	struct nlattr *nest;
	int err;

	if (!hdr)
		return -EMSGSIZE;
	if (from && nla_put_flag(d->skb, ERNAT_A_CONTINUE))
		goto cancel;
	nest = nla_nest_start(d->skb, ERNAT_A_POOL_USAGE);
	if (!nest)
		goto cancel;
	err = put_pool(d, pool, &range);
	if (err && (range == from || !alone))
		goto cancel;
	nla_nest_end(d->skb, nest);
	genlmsg_end(d->skb, hdr);
	d->p->range = err ? range : 0;
	return err;
cancel:
	genlmsg_cancel(d->skb, hdr);
	return -EMSGSIZE;
}

static int put_source(struct sk_buff *skb, const void *object)
{
	const struct ernat_source *s = object;
	const struct ernat_account *a = s->account;

	if (nla_put_string(skb, ERNAT_SOURCE_USAGE_NAME, a->name) ||
	    nla_put_u8(skb, ERNAT_SOURCE_USAGE_ROLE, s->role) ||
	    put_count(skb, ERNAT_SOURCE_USAGE_HITS, atomic64_read(&a->hits)) ||
	    put_count(skb, ERNAT_SOURCE_USAGE_SESSIONS,
		      atomic64_read(&a->sessions)))
		return -EMSGSIZE;
	return put_count(skb, ERNAT_SOURCE_USAGE_CREATED,
			 atomic64_read(&a->created));
}

static int put_rule(struct sk_buff *skb, const void *object)
{
	const struct ernat_rule *r = object;
	const struct ernat_account *a = r->account;

	if (nla_put_string(skb, ERNAT_RULE_USAGE_NAME, a->name) ||
	    nla_put_u8(skb, ERNAT_RULE_USAGE_ACTION, r->action) ||
	    (r->pool && nla_put_string(skb, ERNAT_RULE_USAGE_POOL,
				       r->pool->account->name)) ||
	    put_count(skb, ERNAT_RULE_USAGE_HITS, atomic64_read(&a->hits)) ||
	    put_count(skb, ERNAT_RULE_USAGE_SESSIONS,
		      atomic64_read(&a->sessions)) ||
	    put_count(skb, ERNAT_RULE_USAGE_CREATED,
		      atomic64_read(&a->created)))
		return -EMSGSIZE;
	return put_count(skb, ERNAT_RULE_USAGE_FAILED,
			 atomic64_read(&a->failed));
}

/* A message of one nest that @fill makes. */
static int put_message(struct dump *d, int attr,
		       int (*fill)(struct sk_buff *skb, const void *object),
		       const void *object)
{
	void *hdr = put_header(d);
	struct nlattr *nest;

	if (!hdr)
		return -EMSGSIZE;
	nest = nla_nest_start(d->skb, attr);
	if (!nest || fill(d->skb, object)) {
		genlmsg_cancel(d->skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(d->skb, nest);
	genlmsg_end(d->skb, hdr);
	return 0;
}

static bool wanted(const struct dump *d, const struct ernat_account *a)
{
	return !d->name || !strcmp(d->name, a->name);
}

static int dump_pools(struct dump *d)
{
	struct position *p = d->p;
	int err;

	for (; d->rs && p->i < d->rs->n_pools; p->i++) {
		const struct ernat_pool *pool = d->rs->pools[p->i];

		if (!wanted(d, pool->account))
			continue;
		err = put_pool_message(d, pool);
		if (err)
			return err;
	}
	return 0;
}

/* The next account of a pool with sessions, with a reference, or NULL. */
static struct ernat_account *next_account(struct dump *d)
{
	struct position *p = d->p;
	struct ernat_account *a;
	u32 n;

	for (; p->bucket < ERNAT_ACCOUNT_BUCKETS; p->bucket++, p->skip = 0) {
		n = 0;
		spin_lock_bh(&d->en->account_lock);
		hlist_for_each_entry(a, &d->en->accounts[p->bucket], node) {
			if (n++ < p->skip)
				continue;
			p->skip++;
			if (a->kind != ERNAT_ACCOUNT_POOL ||
			    !atomic64_read(&a->sessions) || !wanted(d, a))
				continue;
			ernat_account_get(a);
			spin_unlock_bh(&d->en->account_lock);
			return a;
		}
		spin_unlock_bh(&d->en->account_lock);
	}
	return NULL;
}

static int put_removed(struct sk_buff *skb, const void *object)
{
	if (put_account(skb, object))
		return -EMSGSIZE;
	return put_count(skb, ERNAT_POOL_USAGE_PORTS, 0);
}

/* Pools that the ruleset has no more, as long as sessions use them. */
static int dump_removed_pools(struct dump *d)
{
	struct ernat_account *a;
	int err = 0;

	while (!err && (a = next_account(d))) {
		if (!rcu_access_pointer(a->pool))
			err = put_message(d, ERNAT_A_POOL_USAGE, put_removed,
					  a);
		if (err)
			d->p->skip--;
		ernat_account_put(a);
		cond_resched();
	}
	return err;
}

static int dump_all_pools(struct dump *d)
{
	int err = dump_pools(d);

	return err ?: dump_removed_pools(d);
}

static int dump_sources(struct dump *d)
{
	struct position *p = d->p;
	int err;

	for (; d->rs && p->i < d->rs->n_sources; p->i++) {
		const struct ernat_source *s = d->rs->sources[p->i];

		if (!wanted(d, s->account))
			continue;
		err = put_message(d, ERNAT_A_SOURCE_USAGE, put_source, s);
		if (err)
			return err;
	}
	return 0;
}

static int dump_rules(struct dump *d)
{
	struct position *p = d->p;
	int err;

	for (; d->rs && p->i < d->rs->n_rules; p->i++) {
		const struct ernat_rule *r = d->rs->rules[p->i];

		if (!wanted(d, r->account))
			continue;
		err = put_message(d, ERNAT_A_RULE_USAGE, put_rule, r);
		if (err)
			return err;
	}
	return 0;
}

int ernat_usage_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_SIZE;
	return 0;
}

static int run(struct sk_buff *skb, struct netlink_callback *cb,
	       int (*dump)(struct dump *d))
{
	const struct nlattr *name = ernat_dump_attrs(cb)[ERNAT_A_NAME];
	struct dump d = {
		.en = ernat_net(sock_net(skb->sk)),
		.skb = skb,
		.cb = cb,
		.p = position(cb),
		.name = name ? nla_data(name) : NULL,
	};
	int err;

	mutex_lock(&d.en->lock);
	d.rs = rcu_dereference_protected(d.en->ruleset,
					 lockdep_is_held(&d.en->lock));
	if (!d.p->started) {
		d.p->started = true;
		d.p->generation = d.en->generation;
	}
	/* 0 would say that there is nothing to compare with. */
	cb->seq = d.en->generation + 1 ?: 1;
	/* Of a ruleset that came in between, no half is shown. */
	err = d.en->generation == d.p->generation ? dump(&d) : 0;
	mutex_unlock(&d.en->lock);
	if (err && !skb->len)
		return err;
	return skb->len;
}

int ernat_usage_dump_pools(struct sk_buff *skb, struct netlink_callback *cb)
{
	return run(skb, cb, dump_all_pools);
}

int ernat_usage_dump_sources(struct sk_buff *skb, struct netlink_callback *cb)
{
	return run(skb, cb, dump_sources);
}

int ernat_usage_dump_rules(struct sk_buff *skb, struct netlink_callback *cb)
{
	return run(skb, cb, dump_rules);
}
