// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "alarm.h"
#include "flow.h"
#include "pool.h"

/*
 * What one packet may try before it is told that nothing is free. An address that
 * is full costs it a try once, when nobody knew before.
 */
#define ERNAT_POOL_ADDR_TRIES	1024
#define ERNAT_POOL_PORT_TRIES	128

static struct kmem_cache *addr_cache;
static atomic64_t last_ring;

static const struct rhashtable_params addr_params = {
	.head_offset = offsetof(struct ernat_addr, node),
	.key_offset = offsetof(struct ernat_addr, key),
	.key_len = sizeof(struct ernat_addr_key),
	.automatic_shrinking = true,
};

/* Addresses of a definition */

bool ernat_pool_has(const struct ernat_pool *pool, u8 family,
		    const union nf_inet_addr *addr)
{
	return ernat_addrset_contains(&pool->members, family, addr);
}

/* The active span with the address, or NULL. */
static const struct ernat_pool_span *pool_span(const struct ernat_pool *pool,
					       u8 family, struct ernat_ip ip)
{
	unsigned int f = ernat_family_index(family);
	unsigned int lo = 0, hi = pool->n_active[f];

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;
		const struct ernat_pool_span *s = &pool->active[f][mid];

		if (ernat_ip_cmp(ip, s->first) < 0)
			hi = mid;
		else if (ernat_ip_cmp(ip, s->last) > 0)
			lo = mid + 1;
		else
			return s;
	}
	return NULL;
}

bool ernat_pool_gives(const struct ernat_pool *pool, u8 family,
		      const union nf_inet_addr *addr)
{
	return pool_span(pool, family, ernat_ip_from(addr, family));
}

/*
 * The number of an address among the active ones. Those that no 64 bits count,
 * behind 2^64 others, have none: nobody gets as far.
 */
static u64 pool_place(const struct ernat_pool *pool, u8 family,
		      const union nf_inet_addr *addr)
{
	struct ernat_ip ip = ernat_ip_from(addr, family);
	const struct ernat_pool_span *s = pool_span(pool, family, ip);
	u64 hi, lo;

	if (!s)
		return ERNAT_PORT_NO_PLACE;
	hi = ip.hi - s->first.hi;
	lo = ip.lo - s->first.lo;
	if (ip.lo < s->first.lo)
		hi--;
	if (hi || lo >= ERNAT_PORT_NO_PLACE - s->index)
		return ERNAT_PORT_NO_PLACE;
	return s->index + lo;
}

/* The address with number @i among the active ones. */
static struct ernat_ip pool_nth(const struct ernat_pool *pool, unsigned int f,
				u64 i)
{
	unsigned int lo = 0, hi = pool->n_active[f] - 1;
	struct ernat_ip ip;

	while (lo < hi) {
		unsigned int mid = (lo + hi + 1) / 2;

		if (pool->active[f][mid].index <= i)
			lo = mid;
		else
			hi = mid - 1;
	}
	ip = pool->active[f][lo].first;
	i -= pool->active[f][lo].index;
	ip.lo += i;
	if (ip.lo < i)
		ip.hi++;
	return ip;
}

/* Where a host that holds no address begins: the same whenever it comes back. */
static u64 pool_home(const struct ernat_net *en, const struct ernat_pool *pool,
		     const struct ernat_host_key *key)
{
	unsigned int f = ernat_family_index(key->family);
	u64 n = pool->n_addrs[f], hash, i;

	hash = jhash2(key->addr.all, ARRAY_SIZE(key->addr.all),
		      en->secret ^ key->zone);
	if (n > U32_MAX)
		hash |= (u64)jhash_1word(hash, en->secret) << 32;
	div64_u64_rem(hash, n, &i);
	return i;
}

static bool same_active(const struct ernat_pool *a, const struct ernat_pool *b,
			unsigned int f)
{
	size_t size = a->n_active[f] * sizeof(*a->active[f]);

	return a->n_active[f] == b->n_active[f] &&
	       !memcmp(a->active[f], b->active[f], size);
}

void ernat_pool_set_ring(struct ernat_pool *pool, const struct ernat_pool *old)
{
	if (old && old->ports == pool->ports && same_active(old, pool, 0) &&
	    same_active(old, pool, 1))
		pool->ring = old->ring;
	else
		pool->ring = atomic64_inc_return(&last_ring);
}

void ernat_pool_offer(const struct ernat_pool *pool,
		      const struct ernat_port_key *key,
		      struct ernat_port_offer *offer)
{
	const u8 family = key->dest.family;
	bool portless = !ernat_flow_has_ports(key->dest.protocol) &&
			!ernat_flow_is_icmp(key->dest.protocol);

	*offer = (struct ernat_port_offer) {
		.ring = pool->ring,
		.place = pool_place(pool, family, &key->addr),
	};
	if (ernat_pool_gives(pool, family, &key->addr))
		offer->ports = portless ? ernat_ports_portless() : pool->ports;
}

/* Addresses in use */

static void addr_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(addr_cache, container_of(head, struct ernat_addr, rcu));
}

static struct ernat_addr *addr_new(struct ernat_net *en,
				   const struct ernat_addr_key *key)
{
	struct ernat_addr *a;

	lockdep_assert_held(&key->pool->lock);
	a = kmem_cache_zalloc(addr_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!a)
		return NULL;
	a->key = *key;
	atomic_set(&a->sessions, 1);
	if (rhashtable_insert_fast(&en->addrs, &a->node, addr_params)) {
		kmem_cache_free(addr_cache, a);
		return NULL;
	}
	ernat_account_get(key->pool);
	a->number = ++key->pool->last_addr;
	list_add_tail_rcu(&a->account_node, &key->pool->addrs);
	return a;
}

static struct ernat_addr *addr_get(struct ernat_net *en,
				   struct ernat_account *account, u8 family,
				   const union nf_inet_addr *addr)
{
	struct ernat_addr_key key = {
		.pool = account, .family = family, .addr = *addr,
	};
	struct ernat_addr *a;

	a = rhashtable_lookup(&en->addrs, &key, addr_params);
	if (a && atomic_inc_not_zero(&a->sessions))
		return a;

	/* The last user takes it out under the same lock. */
	spin_lock_bh(&account->lock);
	a = rhashtable_lookup(&en->addrs, &key, addr_params);
	if (a)
		atomic_inc(&a->sessions);
	else
		a = addr_new(en, &key);
	spin_unlock_bh(&account->lock);
	return a;
}

static void addr_put(struct ernat_net *en, struct ernat_addr *a)
{
	struct ernat_account *account = a->key.pool;
	bool last;

	local_bh_disable();
	last = atomic_dec_and_lock(&a->sessions, &account->lock);
	if (last) {
		rhashtable_remove_fast(&en->addrs, &a->node, addr_params);
		list_del_rcu(&a->account_node);
		spin_unlock(&account->lock);
	}
	local_bh_enable();
	if (!last)
		return;
	ernat_account_put(account);
	call_rcu(&a->rcu, addr_free_rcu);
}

u64 ernat_pool_range_sessions(struct ernat_account *account, u8 family,
			      struct ernat_ip first, struct ernat_ip last)
{
	const struct ernat_addr *a;
	u64 n = 0;

	list_for_each_entry_rcu(a, &account->addrs, account_node) {
		struct ernat_ip ip;

		if (a->key.family != family)
			continue;
		ip = ernat_ip_from(&a->key.addr, family);
		if (ernat_ip_cmp(ip, first) >= 0 && ernat_ip_cmp(ip, last) <= 0)
			n += atomic_read(&a->sessions);
	}
	return n;
}

/* Where a host would be */

int ernat_pool_preferred(struct ernat_net *en, const struct ernat_pool *pool,
			 u8 family, u32 zone, const union nf_inet_addr *host,
			 union nf_inet_addr *addr, bool *paired)
{
	struct ernat_host_key key;
	struct ernat_host *h;

	if (!pool->n_addrs[ernat_family_index(family)])
		return -ENOENT;
	ernat_host_key(pool, family, zone, host, &key);
	h = ernat_host_find(en, &key);
	*paired = h && ernat_host_paired(h, pool, addr);
	if (!*paired)
		ernat_ip_to(pool_nth(pool, ernat_family_index(family),
				     pool_home(en, pool, &key)), family, addr);
	return 0;
}

/* Claims */

/*
 * A port of one address that no conntrack entry has either. @budget is what the
 * packet may still spend on ports that turn out to be taken; what it has found
 * stays marked, so that the next packet gets further.
 */
static int claim_port(struct ernat_net *en, const struct ernat_pool *pool,
		      const struct ernat_pool_request *req,
		      const struct ernat_port_offer *offer,
		      const union nf_inet_addr *addr, int *budget,
		      struct ernat_mapping *map)
{
	struct ernat_port_key key = { .dest = req->dest, .addr = *addr };
	u32 used;
	int err;

	while (*budget > 0) {
		err = ernat_port_claim(&en->ports, &key, pool->account, offer,
				       &map->hold, &used);
		if (err)
			return err;
		if (req->has_ports &&
		    used >= pool->alarm_at[ernat_family_index(req->family)])
			ernat_alarm_pool(en, pool, &req->dest, used);
		if (!req->taken(req->data, addr, map->hold.port))
			return 0;
		(*budget)--;
		ernat_count(en, ERNAT_STAT_FOREIGN_PORT);
		ernat_port_foreign_add(&en->ports, &map->hold, req->zone);
	}
	return -ENOSPC;
}

/* From the address with number @start on, round; full ones are passed over. */
static int claim_any(struct ernat_net *en, const struct ernat_pool *pool,
		     const struct ernat_pool_request *req, u64 start,
		     struct ernat_mapping *map, union nf_inet_addr *addr)
{
	const unsigned int f = ernat_family_index(req->family);
	const u64 n = pool->n_addrs[f];
	struct ernat_port_offer offer = {
		.ports = req->has_ports ? pool->ports : ernat_ports_portless(),
		.ring = pool->ring,
		.place = start,
	};
	int ports_left = ERNAT_POOL_PORT_TRIES;
	u64 gone = 0, next;
	int tries, err;

	for (tries = 0; tries < ERNAT_POOL_ADDR_TRIES; tries++) {
		ernat_ip_to(pool_nth(pool, f, offer.place), req->family, addr);
		err = claim_port(en, pool, req, &offer, addr, &ports_left, map);
		if (err != -ENOSPC || ports_left <= 0)
			return err;
		next = ernat_port_next(&en->ports, &req->dest, pool->ring,
				       offer.place, n);
		if (next == ERNAT_PORT_NO_PLACE)
			break;
		offer.place = next;
		next = next < start ? next + (n - start) : next - start;
		if (next <= gone)	/* once round */
			break;
		gone = next;
	}
	return -ENOSPC;
}

int ernat_pool_claim(struct ernat_net *en, const struct ernat_pool *pool,
		     const struct ernat_pool_request *req,
		     struct ernat_mapping *map)
{
	struct ernat_host_key key;
	u64 start = ERNAT_PORT_NO_PLACE;
	union nf_inet_addr addr;
	int err;

	if (!pool->n_addrs[ernat_family_index(req->family)])
		return -EADDRNOTAVAIL;
	ernat_host_key(pool, req->family, req->zone, &req->host, &key);
	map->host = ernat_host_get(en, pool, &key, true);
	if (IS_ERR(map->host))
		return PTR_ERR(map->host);

	if (ernat_host_paired(map->host, pool, &addr))
		start = pool_place(pool, req->family, &addr);
	if (start == ERNAT_PORT_NO_PLACE)
		start = pool_home(en, pool, &key);
	err = claim_any(en, pool, req, start, map, &addr);
	if (err)
		goto err_host;
	map->addr = addr_get(en, pool->account, req->family, &addr);
	if (!map->addr) {
		err = -ENOMEM;
		goto err_port;
	}
	ernat_host_pair(en, map->host, pool, &addr);
	return 0;

err_port:
	ernat_port_release(&en->ports, &map->hold);
err_host:
	ernat_host_put(en, map->host);
	return err;
}

int ernat_pool_claim_exact(struct ernat_net *en, const struct ernat_pool *pool,
			   const struct ernat_pool_request *req,
			   const union nf_inet_addr *addr, u16 port,
			   struct ernat_mapping *map)
{
	struct ernat_port_key key = { .dest = req->dest, .addr = *addr };
	struct ernat_port_offer offer;
	struct ernat_host_key host;
	int err;

	ernat_pool_offer(pool, &key, &offer);
	err = ernat_port_claim_exact(&en->ports, &key, pool->account, port,
				     &offer, &map->hold);
	if (err)
		return err;
	map->addr = addr_get(en, pool->account, req->family, addr);
	if (!map->addr)
		goto err_port;
	ernat_host_key(pool, req->family, req->zone, &req->host, &host);
	map->host = ernat_host_get(en, pool, &host, false);
	if (IS_ERR(map->host))
		goto err_addr;
	ernat_host_pair(en, map->host, pool, addr);
	return 0;

err_addr:
	addr_put(en, map->addr);
err_port:
	ernat_port_release(&en->ports, &map->hold);
	return -ENOMEM;
}

void ernat_pool_release(struct ernat_net *en, struct ernat_mapping *map)
{
	ernat_port_release(&en->ports, &map->hold);
	addr_put(en, map->addr);
	ernat_host_put(en, map->host);
}

u64 ernat_pool_capacity(const struct ernat_pool *pool, unsigned int f)
{
	u64 n = pool->n_addrs[f];

	return n > div_u64(U64_MAX, pool->ports->n) ? U64_MAX :
						      n * pool->ports->n;
}

/* The least that is @percent of @n. */
static u64 percent_of(u64 n, u8 percent)
{
	/* Of a number this large nobody sees the rounding. */
	if (n > U64_MAX / 128)
		return div_u64(n, 100) * percent;
	return div_u64(n * percent + 99, 100);
}

void ernat_pool_set_alarms(struct ernat_pool *pool)
{
	unsigned int f;

	for (f = 0; f < 2; f++)
		pool->alarm_at[f] = percent_of(ernat_pool_capacity(pool, f),
					       pool->alarm_raise);
	pool->host_alarm_at = pool->host_limit ?
		percent_of(pool->host_limit, pool->alarm_raise) : U32_MAX;
	pool->host_clear = pool->host_limit ?
		min_t(u32, div_u64((u64)pool->host_limit * pool->alarm_clear,
				   100), pool->host_alarm_at - 1) : U32_MAX;
}

/* Life */

int ernat_pool_net_init(struct ernat_net *en)
{
	return rhashtable_init(&en->addrs, &addr_params);
}

void ernat_pool_net_exit(struct ernat_net *en)
{
	WARN_ON_ONCE(atomic_read(&en->addrs.nelems));
	rhashtable_destroy(&en->addrs);
}

int ernat_pool_init(void)
{
	addr_cache = KMEM_CACHE(ernat_addr, 0);
	return addr_cache ? 0 : -ENOMEM;
}

void ernat_pool_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(addr_cache);
}
