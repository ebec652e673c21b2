// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "pool.h"

/* What one packet may try before it is told that nothing is free. */
#define ERNAT_POOL_ADDR_TRIES	64
#define ERNAT_POOL_SPAN_TRIES	1024
#define ERNAT_POOL_PORT_TRIES	128

static struct kmem_cache *host_cache;
static struct kmem_cache *addr_cache;

static const struct rhashtable_params host_params = {
	.head_offset = offsetof(struct ernat_host, node),
	.key_offset = offsetof(struct ernat_host, key),
	.key_len = sizeof(struct ernat_host_key),
	.automatic_shrinking = true,
};

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

/* The host as it is counted: IPv6 hosts may be grouped by prefix. */
static void host_key(const struct ernat_pool *pool, u8 family, u32 zone,
		     const union nf_inet_addr *host, struct ernat_host_key *key)
{
	memset(key, 0, sizeof(*key));
	key->pool = pool->account;
	key->family = family;
	key->zone = zone;
	if (family == NFPROTO_IPV6 && pool->host_prefix)
		ipv6_addr_prefix(&key->addr.in6, &host->in6, pool->host_prefix);
	else if (family == NFPROTO_IPV6)
		key->addr.in6 = host->in6;
	else
		key->addr.ip = host->ip;
}

/* Where a host that holds no address begins: the same whenever it comes back. */
static struct ernat_ip pool_home(const struct ernat_net *en,
				 const struct ernat_pool *pool,
				 const struct ernat_host_key *key)
{
	unsigned int f = ernat_family_index(key->family);
	u64 n = pool->n_addrs[f], hash, i;

	hash = jhash2(key->addr.all, ARRAY_SIZE(key->addr.all),
		      en->secret ^ key->zone);
	if (n > U32_MAX)
		hash |= (u64)jhash_1word(hash, en->secret) << 32;
	div64_u64_rem(hash, n, &i);
	return pool_nth(pool, f, i);
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

/* Hosts */

static void host_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(host_cache, container_of(head, struct ernat_host, rcu));
}

static struct ernat_host *host_new(struct ernat_net *en,
				   const struct ernat_host_key *key)
{
	struct ernat_host *h;

	lockdep_assert_held(&key->pool->lock);
	h = kmem_cache_zalloc(host_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!h)
		return NULL;
	h->key = *key;
	atomic_set(&h->sessions, 1);
	spin_lock_init(&h->lock);
	if (rhashtable_insert_fast(&en->hosts, &h->node, host_params)) {
		kmem_cache_free(host_cache, h);
		return NULL;
	}
	ernat_account_get(key->pool);
	atomic64_inc(&key->pool->hosts);
	return h;
}

/* One session more, if it is alive and the limit allows. */
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

static struct ernat_host *host_get(struct ernat_net *en,
				   const struct ernat_host_key *key, u32 limit)
{
	struct ernat_host *h;
	int err = -ENOENT;

	h = rhashtable_lookup(&en->hosts, key, host_params);
	if (h)
		err = host_inc(h, limit);
	if (err == -ENOENT) {
		/* The last session takes it out under the same lock. */
		spin_lock_bh(&key->pool->lock);
		h = rhashtable_lookup(&en->hosts, key, host_params);
		err = 0;
		if (h)
			err = host_inc(h, limit);
		else
			h = host_new(en, key);
		spin_unlock_bh(&key->pool->lock);
		if (!h)
			err = -ENOMEM;
	}
	return err ? ERR_PTR(err) : h;
}

static void host_put(struct ernat_net *en, struct ernat_host *h)
{
	struct ernat_account *account = h->key.pool;
	bool last;

	local_bh_disable();
	last = atomic_dec_and_lock(&h->sessions, &account->lock);
	if (last) {
		rhashtable_remove_fast(&en->hosts, &h->node, host_params);
		spin_unlock(&account->lock);
	}
	local_bh_enable();
	if (!last)
		return;
	atomic64_dec(&account->hosts);
	ernat_account_put(account);
	call_rcu(&h->rcu, host_free_rcu);
}

static bool host_paired(struct ernat_host *h, const struct ernat_pool *pool,
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
static void host_pair(struct ernat_host *h, const struct ernat_pool *pool,
		      const union nf_inet_addr *addr)
{
	spin_lock_bh(&h->lock);
	if (!h->is_paired ||
	    !ernat_pool_gives(pool, h->key.family, &h->paired)) {
		h->paired = *addr;
		h->is_paired = true;
	}
	spin_unlock_bh(&h->lock);
}

int ernat_pool_preferred(struct ernat_net *en, const struct ernat_pool *pool,
			 u8 family, u32 zone, const union nf_inet_addr *host,
			 union nf_inet_addr *addr, bool *paired)
{
	struct ernat_host_key key;
	struct ernat_host *h;

	if (!pool->n_addrs[ernat_family_index(family)])
		return -ENOENT;
	host_key(pool, family, zone, host, &key);
	h = rhashtable_lookup(&en->hosts, &key, host_params);
	*paired = h && host_paired(h, pool, addr);
	if (!*paired)
		ernat_ip_to(pool_home(en, pool, &key), family, addr);
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
		      const union nf_inet_addr *addr, int *budget,
		      struct ernat_mapping *map)
{
	struct ernat_ports *ports = pool->ports;
	struct ernat_port_key key = { .dest = req->dest, .addr = *addr };
	int err;

	if (!req->has_ports)
		ports = ernat_ports_portless();
	while ((*budget)-- > 0) {
		err = ernat_port_claim(&en->ports, &key, ports, &map->block,
				       &map->port);
		if (err)
			return err;
		if (!req->taken(req->data, addr, map->port))
			return 0;
		ernat_count(en, ERNAT_STAT_FOREIGN_PORT);
		ernat_port_foreign_add(&en->ports, map->block, map->port,
				       req->zone);
	}
	return -ENOSPC;
}

/* The active address that follows, round; full ones are passed over. */
static struct ernat_ip next_addr(struct ernat_net *en,
				 const struct ernat_pool *pool,
				 const struct ernat_pool_request *req,
				 const struct ernat_ports *ports,
				 struct ernat_ip ip, int *budget)
{
	unsigned int f = ernat_family_index(req->family);
	const struct ernat_pool_span *s, *v = pool->active[f];

	s = pool_span(pool, req->family, ip);
	ip = ernat_ip_next(ip);
	while ((*budget)-- > 0) {
		if (ernat_ip_cmp(ip, s->first) >= 0 &&
		    ernat_ip_cmp(ip, s->last) <= 0 &&
		    ernat_port_skip_full(&en->ports, &req->dest, ports, &ip) &&
		    ernat_ip_cmp(ip, s->last) <= 0)
			break;
		if (++s == v + pool->n_active[f])
			s = v;
		ip = s->first;
	}
	return ip;
}

static int claim_any(struct ernat_net *en, const struct ernat_pool *pool,
		     const struct ernat_pool_request *req,
		     struct ernat_ip start, struct ernat_mapping *map,
		     union nf_inet_addr *addr)
{
	const struct ernat_ports *ports = pool->ports;
	int ports_left = ERNAT_POOL_PORT_TRIES;
	int spans_left = ERNAT_POOL_SPAN_TRIES;
	int tries, err;
	struct ernat_ip ip = start;

	if (!req->has_ports)
		ports = ernat_ports_portless();
	for (tries = 0; tries < ERNAT_POOL_ADDR_TRIES; tries++) {
		ernat_ip_to(ip, req->family, addr);
		err = claim_port(en, pool, req, addr, &ports_left, map);
		if (err != -ENOSPC || ports_left <= 0)
			return err;
		ip = next_addr(en, pool, req, ports, ip, &spans_left);
		if (!ernat_ip_cmp(ip, start) || spans_left <= 0)
			break;
	}
	return -ENOSPC;
}

int ernat_pool_claim(struct ernat_net *en, const struct ernat_pool *pool,
		     const struct ernat_pool_request *req,
		     struct ernat_mapping *map)
{
	struct ernat_host_key key;
	union nf_inet_addr addr;
	struct ernat_ip start;
	int err;

	if (!pool->n_addrs[ernat_family_index(req->family)])
		return -EADDRNOTAVAIL;
	host_key(pool, req->family, req->zone, &req->host, &key);
	map->host = host_get(en, &key, pool->host_limit);
	if (IS_ERR(map->host))
		return PTR_ERR(map->host);

	if (host_paired(map->host, pool, &addr))
		start = ernat_ip_from(&addr, req->family);
	else
		start = pool_home(en, pool, &key);
	err = claim_any(en, pool, req, start, map, &addr);
	if (err)
		goto err_host;
	map->addr = addr_get(en, pool->account, req->family, &addr);
	if (!map->addr) {
		err = -ENOMEM;
		goto err_port;
	}
	host_pair(map->host, pool, &addr);
	return 0;

err_port:
	ernat_port_release(&en->ports, map->block, map->port);
err_host:
	host_put(en, map->host);
	return err;
}

void ernat_pool_release(struct ernat_net *en, const struct ernat_mapping *map)
{
	ernat_port_release(&en->ports, map->block, map->port);
	addr_put(en, map->addr);
	host_put(en, map->host);
}

/* Life */

int ernat_pool_net_init(struct ernat_net *en)
{
	int err;

	err = rhashtable_init(&en->hosts, &host_params);
	if (err)
		return err;
	err = rhashtable_init(&en->addrs, &addr_params);
	if (err)
		rhashtable_destroy(&en->hosts);
	return err;
}

void ernat_pool_net_exit(struct ernat_net *en)
{
	WARN_ON_ONCE(atomic_read(&en->addrs.nelems));
	WARN_ON_ONCE(atomic_read(&en->hosts.nelems));
	rhashtable_destroy(&en->addrs);
	rhashtable_destroy(&en->hosts);
}

int ernat_pool_init(void)
{
	host_cache = KMEM_CACHE(ernat_host, 0);
	addr_cache = KMEM_CACHE(ernat_addr, 0);
	if (host_cache && addr_cache)
		return 0;
	ernat_pool_exit();
	return -ENOMEM;
}

void ernat_pool_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(addr_cache);
	kmem_cache_destroy(host_cache);
}
