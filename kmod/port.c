// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "account.h"
#include "full.h"
#include "port.h"
#include "portset.h"

/* What one packet may look at in search of a holder that gives way. */
#define RECLAIM_CLOSING	64
#define RECLAIM_LIVE	32
#define RECLAIM_REST	(HZ / 50)

/* Holders that are put in their place under one lock. */
#define SETTLE_MAX	256
/* Walks of a recount, which has no memory if the last one is not right. */
#define RECOUNT_TRIES	10

/**
 * struct ernat_port_dest - a destination
 * @node: in &ernat_port_table.dests
 * @key: which
 * @lock: of everything here, in its blocks and uses; bottom halves off
 * @n_blocks: and uses to be settled; it goes with the last
 * @dead: taken out of the table; look it up again
 * @full: addresses that have no port left, see full.h
 * @rcu: frees it
 */
struct ernat_port_dest {
	struct rhash_head node;
	struct ernat_dest_key key;
	spinlock_t lock;	/* of this, its blocks and uses */
	unsigned int n_blocks;
	bool dead;
	struct rb_root full;
	struct rcu_head rcu;
};

/**
 * struct ernat_port_block - ports held of one address toward one destination
 * @node: in &ernat_port_table.blocks
 * @key: which
 * @dest: whose lock guards it; lives at least as long
 * @use: of the pool that has the address
 * @held: the ports; it goes with the last
 * @sessions: holders among them
 * @ring: by whose numbering and ports it is full
 * @is_full: no port is left; stands in the destination's tree, if there was memory
 * @is_given: the pool gives the address out: @held counts in &ernat_port_use.used
 * @dead: taken out of the table; look it up again
 * @place: where it is full
 * @rcu: frees it
 */
struct ernat_port_block {
	struct rhash_head node;
	struct ernat_port_key key;
	u32 sessions;
	struct ernat_port_dest *dest;
	struct ernat_port_use *use;
	struct ernat_portset held;
	u64 ring;
	bool is_full;
	bool is_given;
	bool dead;
	u64 place;
	struct rcu_head rcu;
};

struct ernat_port_foreign {
	struct list_head list;
	struct ernat_port_block *block;
	u16 port;
	u16 zone;
};

static struct kmem_cache *dest_cache;
static struct kmem_cache *block_cache;
static struct kmem_cache *use_cache;

static const struct rhashtable_params dest_params = {
	.head_offset = offsetof(struct ernat_port_dest, node),
	.key_offset = offsetof(struct ernat_port_dest, key),
	.key_len = sizeof(struct ernat_dest_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params block_params = {
	.head_offset = offsetof(struct ernat_port_block, node),
	.key_offset = offsetof(struct ernat_port_block, key),
	.key_len = sizeof(struct ernat_port_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params use_params = {
	.head_offset = offsetof(struct ernat_port_use, node),
	.key_offset = offsetof(struct ernat_port_use, key),
	.key_len = sizeof(struct ernat_port_use_key),
	.automatic_shrinking = true,
};

/* Destinations */

static void dest_free_rcu(struct rcu_head *head)
{
	struct ernat_port_dest *d;

	d = container_of(head, struct ernat_port_dest, rcu);
	kmem_cache_free(dest_cache, d);
}

/* The destination, made if need be. Under RCU; not locked, may be dead. */
static struct ernat_port_dest *dest_get(struct ernat_port_table *t,
					const struct ernat_dest_key *key)
{
	struct ernat_port_dest *d, *old;

	d = rhashtable_lookup(&t->dests, key, dest_params);
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

static void dest_unlock(struct ernat_port_table *t, struct ernat_port_dest *d)
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

static struct ernat_port_use *use_find(struct ernat_port_table *t,
				       const struct ernat_dest_key *dest,
				       struct ernat_account *owner)
{
	struct ernat_port_use_key key = { .owner = owner, .dest = *dest };

	return rhashtable_lookup(&t->uses, &key, use_params);
}

/* For one block more. */
static struct ernat_port_use *use_get(struct ernat_port_table *t,
				      struct ernat_port_dest *d,
				      struct ernat_account *owner)
{
	struct ernat_port_use *u;

	lockdep_assert_held(&d->lock);
	u = use_find(t, &d->key, owner);
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

static void use_put(struct ernat_port_table *t, struct ernat_port_use *u)
{
	lockdep_assert_held(&u->dest->lock);
	if (--u->n_blocks)
		return;
	rhashtable_remove_fast(&t->uses, &u->node, use_params);
	ernat_account_put(u->key.owner);
	call_rcu(&u->rcu, use_free_rcu);
}

static void use_count(struct ernat_port_use *u, int sessions, int used)
{
	WRITE_ONCE(u->sessions, u->sessions + sessions);
	WRITE_ONCE(u->used, u->used + used);
}

/* Blocks */

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
	b->use = use_get(t, d, owner);
	if (!b->use)
		goto err_held;
	if (rhashtable_insert_fast(&t->blocks, &b->node, block_params))
		goto err_use;
	d->n_blocks++;
	return b;

err_use:
	use_put(t, b->use);
err_held:
	ernat_portset_free(&b->held);
err_block:
	kmem_cache_free(block_cache, b);
	return NULL;
}

static void block_unmark_full(struct ernat_port_block *b)
{
	if (b->is_full)
		ernat_full_del(&b->dest->full, b->ring, b->place);
	b->is_full = false;
}

/* Again too: the tree forgets when it has no memory. */
static void block_mark_full(struct ernat_port_block *b,
			    const struct ernat_port_offer *offer)
{
	b->is_full = true;
	b->ring = offer->ring;
	b->place = offer->place;
	if (b->place != ERNAT_PORT_NO_PLACE)
		ernat_full_add(&b->dest->full, b->ring, b->place);
}

/* A free port, or -1; what is known of its being full is that of the offer. */
static int block_find(struct ernat_port_block *b,
		      const struct ernat_port_offer *offer)
{
	int port;

	if (b->is_full && b->ring != offer->ring)
		block_unmark_full(b);
	port = b->is_full ? -1 : ernat_portset_find(&b->held, offer->ports);
	if (port < 0)
		block_mark_full(b, offer);
	return port;
}

static void block_set_given(struct ernat_port_block *b, bool given)
{
	int used = b->held.used;

	if (b->is_given == given)
		return;
	b->is_given = given;
	use_count(b->use, 0, given ? used : -used);
}

/* Known as full from the last port on, not only from a failure. */
static void block_check_full(struct ernat_port_block *b,
			     const struct ernat_port_offer *offer)
{
	if (offer->ports && b->held.used >= offer->ports->n)
		block_find(b, offer);
}

/*
 * Locks the block's destination and makes the block if need be. Returns NULL
 * with nothing locked when there is no memory.
 */
static struct ernat_port_block *block_lock(struct ernat_port_table *t,
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

	d = dest_get(t, &key->dest);
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
		dest_unlock(t, d);
	return b;
}

static void block_unlock(struct ernat_port_table *t, struct ernat_port_block *b)
	__releases(&b->dest->lock)
{
	struct ernat_port_dest *d = b->dest;

	lockdep_assert_held(&d->lock);
	if (!b->held.used) {
		b->dead = true;
		rhashtable_remove_fast(&t->blocks, &b->node, block_params);
		block_unmark_full(b);
		ernat_portset_free(&b->held);
		use_put(t, b->use);
		d->n_blocks--;
		call_rcu(&b->rcu, block_free_rcu);
	}
	dest_unlock(t, d);
}

/* Holders */

static int block_hold(struct ernat_port_block *b, u16 port,
		      struct ernat_port_holder *holder)
{
	int err = ernat_portset_add(&b->held, port);

	if (err)
		return err;
	b->sessions++;
	use_count(b->use, 1, b->is_given);
	holder->block = b;
	holder->port = port;
	holder->state = ERNAT_PORT_LIVE;
	list_add_tail(&holder->node, &b->use->live);
	return 0;
}

/* The port is free, or somebody else's. */
static void block_unhold(struct ernat_port_block *b,
			 struct ernat_port_holder *holder)
{
	list_del(&holder->node);
	holder->state = ERNAT_PORT_FREE;
	b->sessions--;
	use_count(b->use, -1, 0);
}

static void block_free_port(struct ernat_port_block *b, u16 port)
{
	ernat_portset_del(&b->held, port);
	block_unmark_full(b);
	use_count(b->use, 0, -(int)b->is_given);
}

int ernat_port_claim(struct ernat_port_table *t,
		     const struct ernat_port_key *key,
		     struct ernat_account *owner,
		     const struct ernat_port_offer *offer,
		     struct ernat_port_holder *holder, u32 *used)
{
	struct ernat_port_block *b;
	int port, err;

	rcu_read_lock();
	b = block_lock(t, key, owner);
	if (!b) {
		rcu_read_unlock();
		return -ENOMEM;
	}
	block_set_given(b, true);
	port = block_find(b, offer);
	err = port < 0 ? -ENOSPC : block_hold(b, port, holder);
	if (!err) {
		*used = b->use->used;
		block_check_full(b, offer);
	}
	block_unlock(t, b);
	rcu_read_unlock();
	return err;
}

int ernat_port_claim_exact(struct ernat_port_table *t,
			   const struct ernat_port_key *key,
			   struct ernat_account *owner, u16 port,
			   const struct ernat_port_offer *offer,
			   struct ernat_port_holder *holder)
{
	struct ernat_port_block *b;
	int err = -EEXIST;

	if (!port)
		return -EINVAL;
	rcu_read_lock();
	b = block_lock(t, key, owner);
	if (b) {
		block_set_given(b, offer->ports);
		if (!ernat_portset_has(&b->held, port))
			err = block_hold(b, port, holder);
		block_check_full(b, offer);
		block_unlock(t, b);
	} else {
		err = -ENOMEM;
	}
	rcu_read_unlock();
	return err;
}

void ernat_port_release(struct ernat_port_table *t,
			struct ernat_port_holder *holder)
{
	struct ernat_port_block *b = holder->block;

	rcu_read_lock();
	spin_lock_bh(&b->dest->lock);
	block_unhold(b, holder);
	block_free_port(b, holder->port);
	block_unlock(t, b);
	rcu_read_unlock();
}

const struct ernat_port_key *
ernat_port_block_key(const struct ernat_port_block *b)
{
	return &b->key;
}

static u64 dest_next(struct ernat_port_dest *d, u64 ring, u64 place, u64 n)
{
	u64 next;

	lockdep_assert_held(&d->lock);
	next = ernat_full_skip(&d->full, ring, place);
	if (next >= n)
		next = ernat_full_skip(&d->full, ring, 0);
	return next < n ? next : ERNAT_PORT_NO_PLACE;
}

u64 ernat_port_next(struct ernat_port_table *t,
		    const struct ernat_dest_key *dest, u64 ring, u64 place,
		    u64 n)
{
	struct ernat_port_dest *d;

	place = place + 1 < n ? place + 1 : 0;
	rcu_read_lock();
	d = rhashtable_lookup(&t->dests, dest, dest_params);
	if (d) {
		spin_lock_bh(&d->lock);
		place = dest_next(d, ring, place, n);
		spin_unlock_bh(&d->lock);
	}
	rcu_read_unlock();
	return place;
}

/* Holders that give way */

/* To the list of its use where it belongs, as the youngest. */
static void holder_move(struct ernat_port_holder *h)
{
	struct ernat_port_use *u = h->block->use;

	list_move_tail(&h->node, h->state == ERNAT_PORT_CLOSING ? &u->closing :
								  &u->live);
}

void ernat_port_closing(struct ernat_port_holder *holder)
{
	struct ernat_port_block *b = holder->block;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a holder seen outside RCU");
	spin_lock_bh(&b->dest->lock);
	if (holder->state == ERNAT_PORT_LIVE) {
		holder->state = ERNAT_PORT_CLOSING;
		holder_move(holder);
		b->use->rest = 0;
	}
	spin_unlock_bh(&b->dest->lock);
}

/* What one packet is looking for. */
struct reclaim {
	const struct ernat_ports *ports;
	enum ernat_port_answer (*may)(struct ernat_port_holder *holder,
				      void *data);
	void *data;
	bool closing;		/* some holder is, if it gives way or not */
};

static bool reclaim_ask(struct reclaim *r, struct ernat_port_use *u,
			struct ernat_port_holder *h)
{
	enum ernat_port_answer answer;

	if (unlikely(h->block->use != u)) {
		holder_move(h);
		return false;
	}
	answer = r->may(h, r->data);
	if (answer == ERNAT_PORT_NO) {
		/* It may have been closing, and have thought better of it. */
		h->state = ERNAT_PORT_LIVE;
		holder_move(h);
		return false;
	}
	r->closing = true;
	/* The next packet is to see others first. */
	holder_move(h);
	/* Of no use, where its port is not given out any more. */
	return answer == ERNAT_PORT_YES && h->block->is_given &&
	       test_bit(h->port, r->ports->allowed);
}

static struct ernat_port_holder *reclaim_from(struct reclaim *r,
					      struct ernat_port_use *u,
					      struct list_head *list,
					      unsigned int n)
{
	struct ernat_port_holder *h;

	for (; n && !list_empty(list); n--) {
		h = list_first_entry(list, struct ernat_port_holder, node);
		if (reclaim_ask(r, u, h))
			return h;
	}
	return NULL;
}

static struct ernat_port_holder *use_reclaim(struct ernat_port_use *u,
					     struct reclaim *r)
{
	struct ernat_port_holder *h;

	lockdep_assert_held(&u->dest->lock);
	if (u->marked || (u->rest && time_before(jiffies, u->rest)))
		return NULL;
	h = reclaim_from(r, u, &u->closing, RECLAIM_CLOSING) ?:
	    reclaim_from(r, u, &u->live, RECLAIM_LIVE);
	u->rest = r->closing ? 0 : (jiffies + RECLAIM_REST) | 1;
	return h;
}

struct ernat_port_holder *
ernat_port_reclaim(struct ernat_port_table *t,
		   const struct ernat_dest_key *dest,
		   struct ernat_account *owner,
		   const struct ernat_ports *ports,
		   enum ernat_port_answer (*may)(struct ernat_port_holder *holder,
						 void *data),
		   void *data)
{
	struct reclaim r = { .ports = ports, .may = may, .data = data };
	struct ernat_port_holder *h = NULL;
	struct ernat_port_use *u;

	u = use_find(t, dest, owner);
	if (!u)
		return NULL;
	spin_lock_bh(&u->dest->lock);
	if (u->n_blocks)
		h = use_reclaim(u, &r);
	spin_unlock_bh(&u->dest->lock);
	return h;
}

/* Another ruleset */

/*
 * The holders stay in the lists of the old use, which lives on for them, until
 * use_settle() or reclaim_ask() comes by. Without memory the block stays its.
 */
static void block_transfer(struct ernat_port_table *t,
			   struct ernat_port_block *b,
			   struct ernat_account *owner,
			   struct list_head *unsettled)
{
	struct ernat_port_use *old = b->use, *new;
	int used = b->is_given ? b->held.used : 0;

	new = use_get(t, b->dest, owner);
	if (!new)
		return;
	use_count(old, -(int)b->sessions, -used);
	use_count(new, b->sessions, used);
	b->use = new;
	if (list_empty(&old->settle)) {
		/* It has the block's part, and one in the destination. */
		old->dest->n_blocks++;
		list_add(&old->settle, unsettled);
	} else {
		use_put(t, old);
	}
}

/* Return: whether nothing had to be changed. */
static bool block_recount(struct ernat_port_table *t, struct ernat_port_block *b,
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
	block_set_given(b, offer->ports);
	if (b->is_full && b->ring != offer->ring)
		block_unmark_full(b);
	block_check_full(b, offer);
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
			holder_move(h);
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
	use_put(t, u);
	d->n_blocks--;
	dest_unlock(t, d);
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

void ernat_port_recount(struct ernat_port_table *t,
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

/* Ports of others */

void ernat_port_foreign_add(struct ernat_port_table *t,
			    struct ernat_port_holder *holder, u16 zone)
{
	struct ernat_port_block *b = holder->block;
	struct ernat_port_foreign *f;

	f = kmalloc(sizeof(*f), GFP_ATOMIC | __GFP_NOWARN);
	if (!f) {
		ernat_port_release(t, holder);
		return;
	}
	f->block = b;
	f->port = holder->port;
	f->zone = zone;
	spin_lock_bh(&b->dest->lock);
	block_unhold(b, holder);
	spin_unlock_bh(&b->dest->lock);
	spin_lock_bh(&t->foreign_lock);
	list_add_tail(&f->list, &t->foreign);
	spin_unlock_bh(&t->foreign_lock);
}

static struct ernat_port_foreign *foreign_pop(struct ernat_port_table *t)
{
	struct ernat_port_foreign *f;

	spin_lock_bh(&t->foreign_lock);
	f = list_first_entry_or_null(&t->foreign, struct ernat_port_foreign,
				     list);
	if (f)
		list_del(&f->list);
	spin_unlock_bh(&t->foreign_lock);
	return f;
}

static void foreign_free(struct ernat_port_table *t,
			 struct ernat_port_foreign *f)
{
	struct ernat_port_block *b = f->block;

	rcu_read_lock();
	spin_lock_bh(&b->dest->lock);
	block_free_port(b, f->port);
	block_unlock(t, b);
	rcu_read_unlock();
	kfree(f);
}

void ernat_port_foreign_sweep(struct ernat_port_table *t, unsigned int max,
			      bool (*held)(void *data,
					   const struct ernat_port_key *key,
					   u16 port, u16 zone),
			      void *data)
{
	struct ernat_port_foreign *f;
	LIST_HEAD(keep);

	while (max-- && (f = foreign_pop(t))) {
		if (held && held(data, &f->block->key, f->port, f->zone))
			list_add_tail(&f->list, &keep);
		else
			foreign_free(t, f);
		cond_resched();
	}
	spin_lock_bh(&t->foreign_lock);
	list_splice_tail(&keep, &t->foreign);
	spin_unlock_bh(&t->foreign_lock);
}

/* Life */

int ernat_port_table_init(struct ernat_port_table *t)
{
	int err;

	spin_lock_init(&t->foreign_lock);
	INIT_LIST_HEAD(&t->foreign);
	err = rhashtable_init(&t->dests, &dest_params);
	if (err)
		return err;
	err = rhashtable_init(&t->blocks, &block_params);
	if (err)
		goto err_dests;
	err = rhashtable_init(&t->uses, &use_params);
	if (err)
		goto err_blocks;
	return 0;

err_blocks:
	rhashtable_destroy(&t->blocks);
err_dests:
	rhashtable_destroy(&t->dests);
	return err;
}

void ernat_port_table_exit(struct ernat_port_table *t)
{
	ernat_port_foreign_sweep(t, UINT_MAX, NULL, NULL);
	WARN_ON_ONCE(atomic_read(&t->uses.nelems));
	WARN_ON_ONCE(atomic_read(&t->blocks.nelems));
	WARN_ON_ONCE(atomic_read(&t->dests.nelems));
	rhashtable_destroy(&t->uses);
	rhashtable_destroy(&t->blocks);
	rhashtable_destroy(&t->dests);
}

int ernat_port_init(void)
{
	dest_cache = KMEM_CACHE(ernat_port_dest, 0);
	block_cache = KMEM_CACHE(ernat_port_block, 0);
	use_cache = KMEM_CACHE(ernat_port_use, 0);
	if (dest_cache && block_cache && use_cache)
		return 0;
	ernat_port_exit();
	return -ENOMEM;
}

void ernat_port_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(use_cache);
	kmem_cache_destroy(block_cache);
	kmem_cache_destroy(dest_cache);
}
