// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include <linux/slab.h>

#include "block.h"
#include "dest.h"
#include "full.h"
#include "port.h"

/* Holders */

int ernat_port_claim(struct ernat_port_table *t,
		     const struct ernat_port_key *key,
		     struct ernat_account *owner,
		     const struct ernat_port_offer *offer,
		     struct ernat_port_holder *holder, u32 *used)
{
	struct ernat_port_block *b;
	int port, err;

	rcu_read_lock();
	b = ernat_block_lock(t, key, owner);
	if (!b) {
		rcu_read_unlock();
		return -ENOMEM;
	}
	ernat_block_set_given(b, true);
	port = ernat_block_find(b, offer);
	err = port < 0 ? -ENOSPC : ernat_block_hold(b, port, holder);
	if (!err) {
		*used = b->use->used;
		ernat_block_check_full(b, offer);
	}
	ernat_block_unlock(t, b);
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
	b = ernat_block_lock(t, key, owner);
	if (b) {
		ernat_block_set_given(b, offer->ports);
		if (!ernat_portset_has(&b->held, port))
			err = ernat_block_hold(b, port, holder);
		ernat_block_check_full(b, offer);
		ernat_block_unlock(t, b);
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
	ernat_block_unhold(b, holder);
	ernat_block_free_port(b, holder->port);
	ernat_block_unlock(t, b);
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
	d = ernat_dest_find(t, dest);
	if (d) {
		spin_lock_bh(&d->lock);
		place = dest_next(d, ring, place, n);
		spin_unlock_bh(&d->lock);
	}
	rcu_read_unlock();
	return place;
}

/* Ports of others */

struct ernat_port_foreign {
	struct list_head list;
	struct ernat_port_block *block;
	u16 port;
	u16 zone;
};

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
	ernat_block_unhold(b, holder);
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
	ernat_block_free_port(b, f->port);
	ernat_block_unlock(t, b);
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
	err = ernat_dest_table_init(t);
	if (err)
		return err;
	err = ernat_block_table_init(t);
	if (err)
		ernat_dest_table_exit(t);
	return err;
}

void ernat_port_table_exit(struct ernat_port_table *t)
{
	ernat_port_foreign_sweep(t, UINT_MAX, NULL, NULL);
	ernat_block_table_exit(t);
	ernat_dest_table_exit(t);
}

int ernat_port_init(void)
{
	int err;

	err = ernat_dest_init();
	if (!err)
		err = ernat_block_init();
	if (err)
		ernat_port_exit();
	return err;
}

void ernat_port_exit(void)
{
	rcu_barrier();
	ernat_block_exit();
	ernat_dest_exit();
}
