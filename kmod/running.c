// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "alarm.h"
#include "event.h"
#include "hook.h"
#include "member.h"
#include "pool.h"
#include "recount.h"
#include "running.h"
#include "session.h"

/* The accounts of its pools know their definition. */
static void define_pools(struct ernat_net *en, const struct ernat_ruleset *rs)
{
	unsigned int i;

	lockdep_assert_held(&en->lock);
	for (i = 0; i < rs->n_pools; i++) {
		struct ernat_pool *pool = rs->pools[i], *old;

		old = rcu_dereference_protected(pool->account->pool,
						lockdep_is_held(&en->lock));
		ernat_pool_set_ring(pool, old);
		WRITE_ONCE(pool->account->host_clear, pool->host_clear);
		rcu_assign_pointer(pool->account->pool, pool);
	}
}

static void undefine_pools(struct ernat_net *en, const struct ernat_ruleset *rs)
{
	unsigned int i;

	for (i = 0; i < rs->n_pools; i++) {
		struct ernat_account *account = rs->pools[i]->account;

		if (rcu_access_pointer(account->pool) != rs->pools[i])
			continue;
		RCU_INIT_POINTER(account->pool, NULL);
		WRITE_ONCE(account->host_clear, U32_MAX);
		ernat_alarm_end(en, rs->pools[i]);
	}
}

/* Which pool has the address by now, and how does it give it out? Under RCU. */
static struct ernat_account *owner(void *data, const struct ernat_port_key *key,
				   struct ernat_port_offer *offer)
{
	const struct ernat_ruleset *rs = data;
	const struct ernat_pool *pool;

	pool = ernat_member_pool(rs, key->dest.family, &key->addr);
	if (!pool) {
		*offer = (struct ernat_port_offer) {};
		return NULL;
	}
	ernat_pool_offer(pool, key, offer);
	return pool->account;
}

int ernat_running_set(struct ernat_net *en, struct ernat_ruleset *rs)
{
	struct ernat_ruleset *old;
	int err;

	lockdep_assert_held(&en->lock);
	err = ernat_event_ring_alloc(en);
	if (!err)
		err = ernat_hook_update(en, rs);
	if (err)
		return err;
	if (!++en->last_generation)
		en->last_generation = 1;
	rs->generation = en->last_generation;
	ernat_alarm_hold(en);
	define_pools(en, rs);
	old = rcu_replace_pointer(en->ruleset, rs, lockdep_is_held(&en->lock));
	en->generation = rs->generation;
	en->commit_time = ktime_get_boottime_seconds();
	ernat_count(en, ERNAT_STAT_COMMITS);
	if (old) {
		undefine_pools(en, old);
		synchronize_rcu();
	}
	/* No packet goes by the old one any more. */
	ernat_recount(&en->ports, owner, rs);
	ernat_alarm_release(en);
	ernat_session_drain(en);
	ernat_ruleset_free(old);
	ernat_event_ruleset(en);
	return 0;
}

static struct ernat_ruleset *take(struct ernat_net *en)
{
	struct ernat_ruleset *rs;

	rs = rcu_replace_pointer(en->ruleset, NULL, true);
	en->generation = 0;
	if (rs)
		undefine_pools(en, rs);
	return rs;
}

void ernat_running_flush(struct ernat_net *en)
{
	struct ernat_ruleset *rs;

	lockdep_assert_held(&en->lock);
	ernat_alarm_hold(en);
	rs = take(en);
	/* No packet makes a session after this. */
	synchronize_rcu();
	ernat_alarm_release(en);
	/* Before the hooks go: nothing may leave with a mapping that is gone. */
	ernat_session_end_all(en, true);
	ernat_hook_update(en, NULL);
	if (!rs)
		return;
	ernat_ruleset_free(rs);
	ernat_event_ruleset(en);
}

void ernat_running_drop(struct ernat_net *en)
{
	struct ernat_ruleset *rs = take(en);

	if (!rs)
		return;
	synchronize_rcu();
	ernat_ruleset_free(rs);
}
