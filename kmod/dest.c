// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "account.h"
#include "dest.h"
#include "full.h"

static struct kmem_cache *dest_cache;
static struct kmem_cache *use_cache;

static const struct rhashtable_params dest_params = {
	.head_offset = offsetof(struct ernat_port_dest, node),
	.key_offset = offsetof(struct ernat_port_dest, key),
	.key_len = sizeof(struct ernat_dest_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params use_params = {
	.head_offset = offsetof(struct ernat_port_use, node),
	.key_offset = offsetof(struct ernat_port_use, key),
	.key_len = sizeof(struct ernat_port_use_key),
	.automatic_shrinking = true,
};

static void dest_free_rcu(struct rcu_head *head)
{
	struct ernat_port_dest *d;

	d = container_of(head, struct ernat_port_dest, rcu);
	kmem_cache_free(dest_cache, d);
}

struct ernat_port_dest *ernat_dest_find(struct ernat_port_table *t,
					const struct ernat_dest_key *key)
{
	return rhashtable_lookup(&t->dests, key, dest_params);
}

struct ernat_port_dest *ernat_dest_get(struct ernat_port_table *t,
				       const struct ernat_dest_key *key)
{
	struct ernat_port_dest *d, *old;

	d = ernat_dest_find(t, key);
	if (d)
		return d;
	d = kmem_cache_zalloc(dest_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!d)
		return NULL;
	d->key = *key;
	d->full = RB_ROOT;
	spin_lock_init(&d->lock);
	old = rhashtable_lookup_get_insert_fast(&t->dests, &d->node,
						dest_params);
	if (!old)
		return d;
	kmem_cache_free(dest_cache, d);
	return IS_ERR(old) ? NULL : old;
}

/* Takes a destination without blocks out of the table. */
static void dest_bury(struct ernat_port_table *t, struct ernat_port_dest *d)
{
	lockdep_assert_held(&d->lock);
	d->dead = true;
	rhashtable_remove_fast(&t->dests, &d->node, dest_params);
	ernat_full_clear(&d->full);
}

void ernat_dest_unlock(struct ernat_port_table *t, struct ernat_port_dest *d)
	__releases(&d->lock)
{
	bool gone = !d->n_blocks;

	if (gone)
		dest_bury(t, d);
	spin_unlock_bh(&d->lock);
	if (gone)
		call_rcu(&d->rcu, dest_free_rcu);
}

/* Uses */

static void use_free_rcu(struct rcu_head *head)
{
	struct ernat_port_use *u;

	u = container_of(head, struct ernat_port_use, rcu);
	kmem_cache_free(use_cache, u);
}

struct ernat_port_use *ernat_dest_use(struct ernat_port_table *t,
				      const struct ernat_dest_key *dest,
				      struct ernat_account *owner)
{
	struct ernat_port_use_key key = { .owner = owner, .dest = *dest };

	return rhashtable_lookup(&t->uses, &key, use_params);
}

struct ernat_port_use *ernat_dest_use_get(struct ernat_port_table *t,
					  struct ernat_port_dest *d,
					  struct ernat_account *owner)
{
	struct ernat_port_use *u;

	lockdep_assert_held(&d->lock);
	u = ernat_dest_use(t, &d->key, owner);
	if (u) {
		u->n_blocks++;
		return u;
	}
	u = kmem_cache_zalloc(use_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!u)
		return NULL;
	u->key.owner = ernat_account_get(owner);
	u->key.dest = d->key;
	u->dest = d;
	u->n_blocks = 1;
	INIT_LIST_HEAD(&u->settle);
	INIT_LIST_HEAD(&u->live);
	INIT_LIST_HEAD(&u->closing);
	if (!rhashtable_insert_fast(&t->uses, &u->node, use_params))
		return u;
	ernat_account_put(owner);
	kmem_cache_free(use_cache, u);
	return NULL;
}

void ernat_dest_use_put(struct ernat_port_table *t, struct ernat_port_use *u)
{
	lockdep_assert_held(&u->dest->lock);
	if (--u->n_blocks)
		return;
	rhashtable_remove_fast(&t->uses, &u->node, use_params);
	ernat_account_put(u->key.owner);
	call_rcu(&u->rcu, use_free_rcu);
}

void ernat_dest_use_count(struct ernat_port_use *u, int sessions, int used)
{
	WRITE_ONCE(u->sessions, u->sessions + sessions);
	WRITE_ONCE(u->used, u->used + used);
}

/* Life */

int ernat_dest_table_init(struct ernat_port_table *t)
{
	int err = rhashtable_init(&t->dests, &dest_params);

	if (err)
		return err;
	err = rhashtable_init(&t->uses, &use_params);
	if (err)
		rhashtable_destroy(&t->dests);
	return err;
}

void ernat_dest_table_exit(struct ernat_port_table *t)
{
	WARN_ON_ONCE(atomic_read(&t->uses.nelems));
	WARN_ON_ONCE(atomic_read(&t->dests.nelems));
	rhashtable_destroy(&t->uses);
	rhashtable_destroy(&t->dests);
}

int ernat_dest_init(void)
{
	dest_cache = KMEM_CACHE(ernat_port_dest, 0);
	use_cache = KMEM_CACHE(ernat_port_use, 0);
	return dest_cache && use_cache ? 0 : -ENOMEM;
}

void ernat_dest_exit(void)
{
	kmem_cache_destroy(use_cache);
	kmem_cache_destroy(dest_cache);
}
