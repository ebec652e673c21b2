// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "block.h"
#include "full.h"

static struct kmem_cache *block_cache;

static const struct rhashtable_params block_params = {
	.head_offset = offsetof(struct ernat_port_block, node),
	.key_offset = offsetof(struct ernat_port_block, key),
	.key_len = sizeof(struct ernat_port_key),
	.automatic_shrinking = true,
};

static void block_free_rcu(struct rcu_head *head)
{
	struct ernat_port_block *b;

	b = container_of(head, struct ernat_port_block, rcu);
	kmem_cache_free(block_cache, b);
}

static struct ernat_port_block *block_new(struct ernat_port_table *t,
					  struct ernat_port_dest *d,
					  const struct ernat_port_key *key,
					  struct ernat_account *owner)
{
	struct ernat_port_block *b;

	b = kmem_cache_zalloc(block_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!b)
		return NULL;
	b->key = *key;
	b->dest = d;
	if (ernat_portset_init(&b->held))
		goto err_block;
	b->use = ernat_dest_use_get(t, d, owner);
	if (!b->use)
		goto err_held;
	if (rhashtable_insert_fast(&t->blocks, &b->node, block_params))
		goto err_use;
	d->n_blocks++;
	return b;

err_use:
	ernat_dest_use_put(t, b->use);
err_held:
	ernat_portset_free(&b->held);
err_block:
	kmem_cache_free(block_cache, b);
	return NULL;
}

static void unmark_full(struct ernat_port_block *b)
{
	if (b->is_full)
		ernat_full_del(&b->dest->full, b->ring, b->place);
	b->is_full = false;
}

/* Again too: the tree forgets when it has no memory. */
static void mark_full(struct ernat_port_block *b,
		      const struct ernat_port_offer *offer)
{
	b->is_full = true;
	b->ring = offer->ring;
	b->place = offer->place;
	if (b->place != ERNAT_PORT_NO_PLACE)
		ernat_full_add(&b->dest->full, b->ring, b->place);
}

void ernat_block_check_ring(struct ernat_port_block *b,
			    const struct ernat_port_offer *offer)
{
	if (b->is_full && b->ring != offer->ring)
		unmark_full(b);
}

int ernat_block_find(struct ernat_port_block *b,
		     const struct ernat_port_offer *offer)
{
	int port;

	ernat_block_check_ring(b, offer);
	port = b->is_full ? -1 : ernat_portset_find(&b->held, offer->ports);
	if (port < 0)
		mark_full(b, offer);
	return port;
}

void ernat_block_set_given(struct ernat_port_block *b, bool given)
{
	int used = b->held.used;

	if (b->is_given == given)
		return;
	b->is_given = given;
	ernat_dest_use_count(b->use, 0, given ? used : -used);
}

void ernat_block_check_full(struct ernat_port_block *b,
			    const struct ernat_port_offer *offer)
{
	if (offer->ports && b->held.used >= offer->ports->n)
		ernat_block_find(b, offer);
}

struct ernat_port_block *ernat_block_lock(struct ernat_port_table *t,
					  const struct ernat_port_key *key,
					  struct ernat_account *owner)
{
	struct ernat_port_block *b;
	struct ernat_port_dest *d;

again:
	b = rhashtable_lookup(&t->blocks, key, block_params);
	if (b) {
		spin_lock_bh(&b->dest->lock);
		if (!b->dead)
			return b;
		spin_unlock_bh(&b->dest->lock);
		goto again;
	}

	d = ernat_dest_get(t, &key->dest);
	if (!d)
		return NULL;
	spin_lock_bh(&d->lock);
	if (d->dead) {
		spin_unlock_bh(&d->lock);
		goto again;
	}
	b = rhashtable_lookup(&t->blocks, key, block_params);
	if (!b)		/* found under its destination's lock, it is alive */
		b = block_new(t, d, key, owner);
	if (!b)
		ernat_dest_unlock(t, d);
	return b;
}

void ernat_block_unlock(struct ernat_port_table *t, struct ernat_port_block *b)
{
	struct ernat_port_dest *d = b->dest;

	lockdep_assert_held(&d->lock);
	if (!b->held.used) {
		b->dead = true;
		rhashtable_remove_fast(&t->blocks, &b->node, block_params);
		unmark_full(b);
		ernat_portset_free(&b->held);
		ernat_dest_use_put(t, b->use);
		d->n_blocks--;
		call_rcu(&b->rcu, block_free_rcu);
	}
	ernat_dest_unlock(t, d);
}

/* Holders */

int ernat_block_hold(struct ernat_port_block *b, u16 port,
		     struct ernat_port_holder *holder)
{
	int err = ernat_portset_add(&b->held, port);

	if (err)
		return err;
	b->sessions++;
	ernat_dest_use_count(b->use, 1, b->is_given);
	holder->block = b;
	holder->port = port;
	holder->state = ERNAT_PORT_LIVE;
	list_add_tail(&holder->node, &b->use->live);
	return 0;
}

void ernat_block_unhold(struct ernat_port_block *b,
			struct ernat_port_holder *holder)
{
	list_del(&holder->node);
	holder->state = ERNAT_PORT_FREE;
	b->sessions--;
	ernat_dest_use_count(b->use, -1, 0);
}

void ernat_block_free_port(struct ernat_port_block *b, u16 port)
{
	ernat_portset_del(&b->held, port);
	unmark_full(b);
	ernat_dest_use_count(b->use, 0, -(int)b->is_given);
}

void ernat_block_move(struct ernat_port_holder *h)
{
	struct ernat_port_use *u = h->block->use;

	list_move_tail(&h->node,
		       h->state == ERNAT_PORT_CLOSING ? &u->closing : &u->live);
}

/* Life */

int ernat_block_table_init(struct ernat_port_table *t)
{
	return rhashtable_init(&t->blocks, &block_params);
}

void ernat_block_table_exit(struct ernat_port_table *t)
{
	WARN_ON_ONCE(atomic_read(&t->blocks.nelems));
	rhashtable_destroy(&t->blocks);
}

int ernat_block_init(void)
{
	block_cache = KMEM_CACHE(ernat_port_block, 0);
	return block_cache ? 0 : -ENOMEM;
}

void ernat_block_exit(void)
{
	kmem_cache_destroy(block_cache);
}
