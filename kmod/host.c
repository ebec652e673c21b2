// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "alarm.h"
#include "host.h"
#include "pool.h"

#define LINGER		600	/* seconds */
#define MAX_LINGERING	4096	/* of a namespace; anybody can make them */
#define MAX_BURST	8192	/* until the sweep has let the oldest go */

static struct kmem_cache *host_cache;

static const struct rhashtable_params host_params = {
	.head_offset = offsetof(struct ernat_host, node),
	.key_offset = offsetof(struct ernat_host, key),
	.key_len = sizeof(struct ernat_host_key),
	.automatic_shrinking = true,
};

u8 ernat_host_prefix_len(const struct ernat_pool *pool, u8 family)
{
	if (family != NFPROTO_IPV6)
		return 32;
	return pool && pool->host_prefix ? pool->host_prefix : 128;
}

void ernat_host_key(const struct ernat_pool *pool, u8 family, u32 zone,
		    const union nf_inet_addr *addr, struct ernat_host_key *key)
{
	memset(key, 0, sizeof(*key));
	key->pool = pool->account;
	key->family = family;
	key->zone = zone;
	if (family == NFPROTO_IPV6 && pool->host_prefix)
		ipv6_addr_prefix(&key->addr.in6, &addr->in6, pool->host_prefix);
	else if (family == NFPROTO_IPV6)
		key->addr.in6 = addr->in6;
	else
		key->addr.ip = addr->ip;
}

struct ernat_host *ernat_host_find(struct ernat_net *en,
				   const struct ernat_host_key *key)
{
	return rhashtable_lookup(&en->hosts, key, host_params);
}

static void host_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(host_cache, container_of(head, struct ernat_host, rcu));
}

/* Without a session yet. */
static struct ernat_host *host_new(struct ernat_net *en,
				   const struct ernat_host_key *key)
{
	struct ernat_host *h;

	lockdep_assert_held(&key->pool->lock);
	h = kmem_cache_zalloc(host_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!h)
		return NULL;
	h->key = *key;
	spin_lock_init(&h->lock);
	INIT_LIST_HEAD(&h->lingering);
	if (rhashtable_insert_fast(&en->hosts, &h->node, host_params)) {
		kmem_cache_free(host_cache, h);
		return NULL;
	}
	ernat_account_get(key->pool);
	return h;
}

static void host_stop_lingering(struct ernat_net *en, struct ernat_host *h)
{
	spin_lock_bh(&en->linger_lock);
	if (!list_empty(&h->lingering)) {
		list_del_init(&h->lingering);
		en->n_lingering--;
	}
	spin_unlock_bh(&en->linger_lock);
}

/* Return: false when there are too many of them. */
static bool host_linger(struct ernat_net *en, struct ernat_host *h)
{
	bool room;

	spin_lock_bh(&en->linger_lock);
	room = en->n_lingering < MAX_BURST;
	if (room) {
		h->idle = ktime_get_boottime_seconds();
		list_add_tail(&h->lingering, &en->lingering);
		en->n_lingering++;
	}
	spin_unlock_bh(&en->linger_lock);
	return room;
}

static void host_remove(struct ernat_net *en, struct ernat_host *h)
{
	lockdep_assert_held(&h->key.pool->lock);
	rhashtable_remove_fast(&en->hosts, &h->node, host_params);
}

/* Outside the pool's lock. */
static void host_free(struct ernat_host *h)
{
	ernat_account_put(h->key.pool);
	call_rcu(&h->rcu, host_free_rcu);
}

/* One session more, if it has any and the limit allows. */
static int host_inc(struct ernat_host *h, u32 limit)
{
	int n = atomic_read(&h->sessions);

	do {
		if (!n)
			return -ENOENT;
		if (limit && n >= limit)
			return -EDQUOT;
	} while (!atomic_try_cmpxchg(&h->sessions, &n, n + 1));
	return 0;
}

/* Its first session. Who takes the last one holds the same lock. */
static struct ernat_host *host_first(struct ernat_net *en,
				     const struct ernat_host_key *key, u32 limit)
{
	struct ernat_host *h;
	int err = -ENOENT;

	lockdep_assert_held(&key->pool->lock);
	h = ernat_host_find(en, key);
	if (h)
		err = host_inc(h, limit);
	else
		h = host_new(en, key);
	if (!h)
		return ERR_PTR(-ENOMEM);
	if (err != -ENOENT)
		return err ? ERR_PTR(err) : h;
	host_stop_lingering(en, h);
	atomic_set(&h->sessions, 1);
	atomic64_inc(&key->pool->hosts);
	return h;
}

/* The lock makes the order of the events that of what they tell. */
static void host_raise(struct ernat_net *en, struct ernat_host *h)
{
	spin_lock_bh(&h->lock);
	if (!h->alarm) {
		h->alarm = true;
		h->alarm_told = ernat_alarm_host(en, h, true,
						 atomic_read(&h->sessions));
	}
	spin_unlock_bh(&h->lock);
}

static void host_clear(struct ernat_net *en, struct ernat_host *h)
{
	spin_lock_bh(&h->lock);
	if (h->alarm && h->alarm_told)
		ernat_alarm_host(en, h, false, atomic_read(&h->sessions));
	h->alarm = false;
	h->alarm_told = false;
	spin_unlock_bh(&h->lock);
}

static struct ernat_host *host_get(struct ernat_net *en,
				   const struct ernat_host_key *key, u32 limit)
{
	struct ernat_host *h;
	int err = -ENOENT;

	h = ernat_host_find(en, key);
	if (h)
		err = host_inc(h, limit);
	if (err != -ENOENT)
		return err ? ERR_PTR(err) : h;
	spin_lock_bh(&key->pool->lock);
	h = host_first(en, key, limit);
	spin_unlock_bh(&key->pool->lock);
	return h;
}

struct ernat_host *ernat_host_get(struct ernat_net *en,
				  const struct ernat_pool *pool,
				  const struct ernat_host_key *key, bool limited)
{
	return host_get(en, key, limited ? pool->host_limit : 0);
}

/* Its last session has ended. Return: whether it goes. */
static bool host_idle(struct ernat_net *en, struct ernat_host *h)
{
	bool failed;

	lockdep_assert_held(&h->key.pool->lock);
	atomic64_dec(&h->key.pool->hosts);
	spin_lock(&h->lock);
	failed = h->failure.reason;
	spin_unlock(&h->lock);
	if (failed && host_linger(en, h))
		return false;
	host_remove(en, h);
	return true;
}

/* One session less. Return: whether the host goes. */
static bool host_dec(struct ernat_net *en, struct ernat_host *h)
{
	struct ernat_account *account = h->key.pool;
	bool gone = false;

	local_bh_disable();
	if (atomic_dec_and_lock(&h->sessions, &account->lock)) {
		gone = host_idle(en, h);
		spin_unlock(&account->lock);
	}
	local_bh_enable();
	return gone;
}

/* What is looked at is what is left, so that of two at once one sees it. */
void ernat_host_put(struct ernat_net *en, struct ernat_host *h)
{
	struct ernat_account *account = NULL;
	bool gone;

	rcu_read_lock();
	if (READ_ONCE(h->alarm))
		account = ernat_account_get(h->key.pool);
	gone = host_dec(en, h);
	if (account &&
	    atomic_read(&h->sessions) <= READ_ONCE(account->host_clear))
		host_clear(en, h);
	if (gone)
		host_free(h);
	rcu_read_unlock();
	ernat_account_put(account);
}

bool ernat_host_paired(struct ernat_host *h, const struct ernat_pool *pool,
		       union nf_inet_addr *addr)
{
	bool paired;

	spin_lock_bh(&h->lock);
	paired = h->is_paired;
	if (paired)
		*addr = h->paired;
	spin_unlock_bh(&h->lock);
	return paired && ernat_pool_gives(pool, h->key.family, addr);
}

/* The first address that worked is the host's, until it is not given out. */
void ernat_host_pair(struct ernat_net *en, struct ernat_host *h,
		     const struct ernat_pool *pool,
		     const union nf_inet_addr *addr)
{
	spin_lock_bh(&h->lock);
	if (!h->is_paired ||
	    !ernat_pool_gives(pool, h->key.family, &h->paired)) {
		h->paired = *addr;
		h->is_paired = true;
	}
	spin_unlock_bh(&h->lock);
	if (!READ_ONCE(h->alarm) &&
	    atomic_read(&h->sessions) >= pool->host_alarm_at)
		host_raise(en, h);
}

/*
 * Whoever takes the last session asks for the failure under the same lock.
 * Return: whether it has sessions, without which it may be on its way out.
 */
static bool host_note(struct ernat_host *h, const struct ernat_dest_key *dest,
		      u8 reason, bool always)
{
	bool alive;

	spin_lock_bh(&h->lock);
	alive = atomic_read(&h->sessions);
	if (alive || always) {
		h->failed++;
		h->failure.time = ktime_get_real_ns();
		h->failure.dest = *dest;
		h->failure.reason = reason;
	}
	spin_unlock_bh(&h->lock);
	return alive;
}

/* A host that seems to have no sessions. Return: one to be freed, or NULL. */
static struct ernat_host *host_failed_idle(struct ernat_net *en,
					   const struct ernat_host_key *key,
					   const struct ernat_dest_key *dest,
					   u8 reason)
{
	struct ernat_host *h;

	lockdep_assert_held(&key->pool->lock);
	h = ernat_host_find(en, key) ?: host_new(en, key);
	if (!h || host_note(h, dest, reason, true))
		return NULL;
	host_stop_lingering(en, h);
	if (host_linger(en, h))
		return NULL;
	host_remove(en, h);
	return h;
}

/* Not as a session more for a moment: others would find the limit reached. */
void ernat_host_failed(struct ernat_net *en, const struct ernat_host_key *key,
		       const struct ernat_dest_key *dest, u8 reason)
{
	struct ernat_host *h;

	h = ernat_host_find(en, key);
	if (h && host_note(h, dest, reason, false))
		return;
	spin_lock_bh(&key->pool->lock);
	h = host_failed_idle(en, key, dest, reason);
	spin_unlock_bh(&key->pool->lock);
	if (h)
		host_free(h);
}

/*
 * The one that has lingered longest, if it is time or they are too many. Under
 * RCU.
 */
static struct ernat_host *host_due(struct ernat_net *en, u32 linger)
{
	struct ernat_host *h;

	spin_lock_bh(&en->linger_lock);
	h = list_first_entry_or_null(&en->lingering, struct ernat_host,
				     lingering);
	if (h && en->n_lingering <= MAX_LINGERING &&
	    (u32)ktime_get_boottime_seconds() - h->idle < linger)
		h = NULL;
	spin_unlock_bh(&en->linger_lock);
	return h;
}

static void host_let_go(struct ernat_net *en, struct ernat_host *h)
{
	struct ernat_account *account = h->key.pool;
	bool gone;

	spin_lock_bh(&account->lock);
	/* It may have a session again, or have gone with that. */
	gone = !list_empty(&h->lingering);
	if (gone) {
		host_stop_lingering(en, h);
		host_remove(en, h);
	}
	spin_unlock_bh(&account->lock);
	if (gone)
		host_free(h);
}

/* At most @max: packets may make them as fast as they go. */
static void host_sweep(struct ernat_net *en, u32 linger, unsigned int max)
{
	struct ernat_host *h;

	do {
		rcu_read_lock();
		h = host_due(en, linger);
		if (h)
			host_let_go(en, h);
		rcu_read_unlock();
		cond_resched();
	} while (h && --max);
}

void ernat_host_sweep(struct ernat_net *en)
{
	host_sweep(en, LINGER, MAX_BURST);
}

/* Life */

int ernat_host_net_init(struct ernat_net *en)
{
	spin_lock_init(&en->linger_lock);
	INIT_LIST_HEAD(&en->lingering);
	return rhashtable_init(&en->hosts, &host_params);
}

void ernat_host_net_exit(struct ernat_net *en)
{
	host_sweep(en, 0, UINT_MAX);
	WARN_ON_ONCE(atomic_read(&en->hosts.nelems));
	rhashtable_destroy(&en->hosts);
}

int ernat_host_init(void)
{
	host_cache = KMEM_CACHE(ernat_host, 0);
	return host_cache ? 0 : -ENOMEM;
}

void ernat_host_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(host_cache);
}
