// SPDX-License-Identifier: GPL-2.0
#include <linux/net.h>
#include <linux/sched.h>

#include "block.h"
#include "dest.h"
#include "recount.h"

/* Holders that are put in their place under one lock. */
#define SETTLE_MAX	256
/* Walks of a recount, which has no memory if the last one is not right. */
#define RECOUNT_TRIES	10

/*
 * The holders stay in the lists of the old use, which lives on for them, until
 * use_settle() or ernat_reclaim_find() comes by. Without memory the block stays its.
 */
static void block_transfer(struct ernat_port_table *t,
			   struct ernat_port_block *b,
			   struct ernat_account *owner,
			   struct list_head *unsettled)
{
	struct ernat_port_use *old = b->use, *new;
	int used = b->is_given ? b->held.used : 0;

	new = ernat_dest_use_get(t, b->dest, owner);
	if (!new)
		return;
	ernat_dest_use_count(old, -(int)b->sessions, -used);
	ernat_dest_use_count(new, b->sessions, used);
	b->use = new;
	if (list_empty(&old->settle)) {
		/* It has the block's part, and one in the destination. */
		old->dest->n_blocks++;
		list_add(&old->settle, unsettled);
	} else {
		ernat_dest_use_put(t, old);
	}
}

/* Return: whether nothing had to be changed. */
static bool block_recount(struct ernat_port_table *t,
			  struct ernat_port_block *b,
			  struct ernat_account *owner,
			  const struct ernat_port_offer *offer,
			  struct list_head *unsettled)
{
	bool right = b->is_given == !!offer->ports;

	lockdep_assert_held(&b->dest->lock);
	if (owner && owner != b->use->key.owner) {
		right = false;
		block_transfer(t, b, owner, unsettled);
	}
	ernat_block_set_given(b, offer->ports);
	ernat_block_check_ring(b, offer);
	ernat_block_check_full(b, offer);
	return right;
}

/* Some holders more of a list, from the mark on. Return: false at its end. */
static bool settle_some(struct ernat_port_use *u, struct list_head *list,
			struct list_head *mark)
{
	struct ernat_port_holder *h;
	unsigned int n;

	lockdep_assert_held(&u->dest->lock);
	for (n = 0; n < SETTLE_MAX; n++) {
		if (list_is_last(mark, list))
			return false;
		h = list_entry(mark->next, struct ernat_port_holder, node);
		list_move(mark, &h->node);
		if (h->block->use != u)
			ernat_block_move(h);
	}
	return true;
}

static void settle_list(struct ernat_port_use *u, struct list_head *list)
{
	LIST_HEAD(mark);
	bool more;

	spin_lock_bh(&u->dest->lock);
	u->marked = true;
	list_add(&mark, list);
	do {
		more = settle_some(u, list, &mark);
		if (!more) {
			list_del(&mark);
			u->marked = false;
		}
		spin_unlock_bh(&u->dest->lock);
		cond_resched();
		if (more)
			spin_lock_bh(&u->dest->lock);
	} while (more);
}

static void use_settle(struct ernat_port_table *t, struct ernat_port_use *u)
{
	struct ernat_port_dest *d = u->dest;

	settle_list(u, &u->live);
	settle_list(u, &u->closing);
	rcu_read_lock();
	spin_lock_bh(&d->lock);
	list_del_init(&u->settle);
	ernat_dest_use_put(t, u);
	d->n_blocks--;
	ernat_dest_unlock(t, d);
	rcu_read_unlock();
}

/* Return: whether every block was as it should be. */
static bool recount(struct ernat_port_table *t,
		    struct ernat_account *(*owner)(void *data,
						   const struct ernat_port_key *key,
						   struct ernat_port_offer *offer),
		    void *data, struct list_head *unsettled)
{
	struct ernat_port_offer offer;
	struct ernat_account *account;
	struct ernat_port_block *b;
	struct rhashtable_iter iter;
	bool right = true;

	rhashtable_walk_enter(&t->blocks, &iter);
	rhashtable_walk_start(&iter);
	while ((b = rhashtable_walk_next(&iter))) {
		if (IS_ERR(b))
			continue;	/* resized: begins anew */
		account = owner(data, &b->key, &offer);
		spin_lock_bh(&b->dest->lock);
		if (!b->dead)
			right &= block_recount(t, b, account, &offer, unsettled);
		spin_unlock_bh(&b->dest->lock);
		if (need_resched()) {
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return right;
}

void ernat_recount(struct ernat_port_table *t,
		   struct ernat_account *(*owner)(void *data,
						  const struct ernat_port_key *key,
						  struct ernat_port_offer *offer),
		   void *data)
{
	struct ernat_port_use *u, *tmp;
	unsigned int tries = 0;
	LIST_HEAD(unsettled);

	/* A walk can miss what stands behind an object that goes. */
	while (!recount(t, owner, data, &unsettled) && ++tries < RECOUNT_TRIES)
		schedule_timeout_uninterruptible(1);
	if (tries == RECOUNT_TRIES)
		net_warn_ratelimited("ernat: no memory to count ports for the pool that has them now\n");
	list_for_each_entry_safe(u, tmp, &unsettled, settle)
		use_settle(t, u);
}
