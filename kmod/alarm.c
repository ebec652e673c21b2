// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include <linux/sched.h>
#include <net/netfilter/nf_conntrack.h>

#include "alarm.h"
#include "event.h"
#include "flow.h"
#include "pool.h"

/* Bit of &ernat_account.alarm and &ernat_net.alarms */
#define RAISED	0
/* More than any 32 bits of sessions are a part of. */
#define MAX_PORTS	BIT_ULL(40)

static void emit_pool(struct ernat_net *en, const struct ernat_pool *pool,
		      const struct ernat_dest_key *dest, u64 used, bool raised)
{
	struct ernat_event ev = {
		.type = raised ? ERNAT_EVENT_TYPE_ALARM_RAISED :
				 ERNAT_EVENT_TYPE_ALARM_CLEARED,
		.subject = ERNAT_EVENT_SUBJECT_POOL,
		.pool = pool->account,
		.has_count = true,
		.count = used,
	};

	if (dest) {
		ev.family = dest->family;
		ev.protocol = dest->protocol;
		ev.dest = dest->addr;
		ev.dest_port = dest->port;
		ev.has_dest = true;
		ev.max = ernat_pool_capacity(pool,
					     ernat_family_index(dest->family));
	}
	ernat_event_emit(en, &ev);
}

void ernat_alarm_pool(struct ernat_net *en, const struct ernat_pool *pool,
		      const struct ernat_dest_key *dest, u32 used)
{
	if (test_bit(RAISED, &pool->account->alarm) ||
	    READ_ONCE(en->recounting) ||
	    test_and_set_bit(RAISED, &pool->account->alarm))
		return;
	emit_pool(en, pool, dest, used, true);
}

void ernat_alarm_hold(struct ernat_net *en)
{
	mutex_lock(&en->count_lock);
	WRITE_ONCE(en->recounting, true);
}

void ernat_alarm_release(struct ernat_net *en)
{
	lockdep_assert_held(&en->count_lock);
	WRITE_ONCE(en->recounting, false);
	mutex_unlock(&en->count_lock);
}

void ernat_alarm_end(struct ernat_net *en, const struct ernat_pool *pool)
{
	if (test_and_clear_bit(RAISED, &pool->account->alarm))
		emit_pool(en, pool, NULL, 0, false);
}

bool ernat_alarm_host(struct ernat_net *en, const struct ernat_host *h,
		      bool raised, u32 sessions)
{
	const struct ernat_pool *pool = rcu_dereference(h->key.pool->pool);
	struct ernat_limit *limit = &h->key.pool->host_alarms;
	struct ernat_event ev = {
		.type = raised ? ERNAT_EVENT_TYPE_ALARM_RAISED :
				 ERNAT_EVENT_TYPE_ALARM_CLEARED,
		.subject = ERNAT_EVENT_SUBJECT_HOST,
		.family = h->key.family,
		.prefix_len = ernat_host_prefix_len(pool, h->key.family),
		.has_host = true,
		.host = h->key.addr,
		.zone = h->key.zone,
		.pool = h->key.pool,
		.has_count = true,
		.count = sessions,
		.max = pool ? pool->host_limit : 0,
	};

	if (raised) {
		if (ernat_event_limited(en, limit))
			return false;
		ev.suppressed = atomic_xchg(&limit->suppressed, 0);
	}
	ernat_event_emit(en, &ev);
	return true;
}

/* Has @a a larger share of its ports than @b? */
static bool is_busier(const struct ernat_busiest *a,
		      const struct ernat_busiest *b)
{
	u64 x = a->used, y = b->used;

	/* Shares of different families; else the numbers will do. */
	if (a->ports != b->ports && a->ports && b->ports) {
		x = div64_u64(x << 32, a->ports);
		y = div64_u64(y << 32, b->ports);
	}
	return x > y;
}

/* One destination of a pool. Under RCU. */
static void look(struct ernat_net *en, const struct ernat_port_use *u)
{
	const struct ernat_dest_key *dest = &u->key.dest;
	struct ernat_account *account = u->key.owner;
	struct ernat_busiest b = { .dest = *dest };
	const struct ernat_pool *pool;

	/* Of what has no ports, an address is all there is to use. */
	if (!ernat_flow_has_ports(dest->protocol) &&
	    !ernat_flow_is_icmp(dest->protocol))
		return;
	pool = rcu_dereference(account->pool);
	if (!pool)
		return;
	b.used = READ_ONCE(u->used);
	b.sessions = READ_ONCE(u->sessions);
	b.ports = ernat_pool_capacity(pool, ernat_family_index(dest->family));
	if (account->sweep != en->sweeps) {
		account->sweep = en->sweeps;
		account->seen.used = 0;
	}
	if (b.used && (!account->seen.used || is_busier(&b, &account->seen)))
		account->seen = b;
}

static void look_at_all(struct ernat_net *en)
{
	struct rhashtable_iter iter;
	struct ernat_port_use *u;

	rhashtable_walk_enter(&en->ports.uses, &iter);
	rhashtable_walk_start(&iter);
	while ((u = rhashtable_walk_next(&iter))) {
		if (IS_ERR(u))
			continue;	/* resized: begins anew */
		look(en, u);
		if (need_resched()) {
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

static bool reaches(u64 used, u64 ports, u8 percent)
{
	return ports && used * 100 >= ports * percent;
}

static bool falls_to(u64 used, u64 ports, u8 percent)
{
	return used * 100 <= ports * percent;
}

static void judge(struct ernat_net *en, const struct ernat_pool *pool)
{
	struct ernat_account *account = pool->account;
	struct ernat_busiest b = {};

	if (account->sweep == en->sweeps)
		b = account->seen;
	spin_lock_bh(&account->lock);
	account->busiest = b;
	spin_unlock_bh(&account->lock);
	/* Such a pool never starves. */
	if (b.ports > MAX_PORTS)
		b.used = 0;
	if (reaches(b.used, b.ports, pool->alarm_raise)) {
		ernat_alarm_pool(en, pool, &b.dest, b.used);
	} else if (falls_to(b.used, b.ports, pool->alarm_clear) &&
		   test_and_clear_bit(RAISED, &account->alarm)) {
		emit_pool(en, pool, b.used ? &b.dest : NULL, b.used, false);
	}
	ernat_event_flush(en, account);
}

static void judge_all(struct ernat_net *en)
{
	const struct ernat_ruleset *rs;
	unsigned int i;

	rcu_read_lock();
	rs = rcu_dereference(en->ruleset);
	for (i = 0; rs && i < rs->n_pools; i++)
		judge(en, rs->pools[i]);
	rcu_read_unlock();
}

static void judge_conntrack(struct ernat_net *en)
{
	struct ernat_event ev = {
		.subject = ERNAT_EVENT_SUBJECT_CONNTRACK,
		.has_count = true,
		.count = nf_conntrack_count(en->net),
		.max = nf_conntrack_max,
	};
	const struct ernat_ruleset *rs;

	rcu_read_lock();
	rs = rcu_dereference(en->ruleset);
	if (rs && reaches(ev.count, ev.max, rs->ct_alarm_raise)) {
		if (!test_and_set_bit(RAISED, &en->alarms))
			ev.type = ERNAT_EVENT_TYPE_ALARM_RAISED;
	} else if (!rs || falls_to(ev.count, ev.max, rs->ct_alarm_clear)) {
		if (test_and_clear_bit(RAISED, &en->alarms))
			ev.type = ERNAT_EVENT_TYPE_ALARM_CLEARED;
	}
	rcu_read_unlock();
	if (ev.type)
		ernat_event_emit(en, &ev);
}

void ernat_alarm_sweep(struct ernat_net *en)
{
	en->sweeps++;
	mutex_lock(&en->count_lock);
	look_at_all(en);
	judge_all(en);
	mutex_unlock(&en->count_lock);
	judge_conntrack(en);
}

void ernat_alarm_busiest(struct ernat_account *pool,
			 struct ernat_busiest *busiest)
{
	spin_lock_bh(&pool->lock);
	*busiest = pool->busiest;
	spin_unlock_bh(&pool->lock);
}
